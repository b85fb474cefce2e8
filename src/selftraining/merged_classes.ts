/**
 * Classes of a network that are merged into fewer, those of a data set: the probability of a merged class is the sum of
 * the probabilities of its classes. So a network can be scored on a data set that tells fewer things apart.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import { mostUnrolled } from "../gpu/shader.ts";
import { paddedChannels } from "../graph/layout.ts";

/** What the classes of a network become, on the GPU. Dispose of it when done. */
export interface MergedClasses extends Disposable {
  /** How many classes there are afterwards. */
  readonly classes: number;
  /** Whether kernels go through the classes in a loop. */
  readonly asMany: boolean;
  /** As `lib/top_merged.wgsl` and `lib/top_merged_many.wgsl` read it. */
  readonly table: GPUBuffer;
}

/** The most pairs of a vec4f of classes and one of merged classes for which a kernel's text names each. */
const mostPairs = 24;

/** Puts the table of a map from a network's classes on the GPU. */
export function mergedClasses(gpu: Gpu, { toId, toClasses }: Pick<ClassMap, "toId" | "toClasses">): MergedClasses {
  const classes = toClasses.length;
  const vectors = paddedChannels(toId.length) / 4;
  const targets = Array.from({ length: 4 * vectors }, (_, id) => toId[id] ?? 255);
  const members = toClasses.map((_, id) => [...toId.keys()].filter((from) => toId[from] === id));
  const parts: number[] = [];
  let first = 0;
  for (const { length } of members) {
    parts.push(first, first + length, 0, 0);
    first += length;
  }
  const values = Uint32Array.from([...targets, ...parts, ...members.flat().flatMap((id) => [id, 0, 0, 0])]);
  const table = gpu.createBuffer(values.byteLength, "merged classes");
  gpu.write(table, values);
  return {
    classes,
    asMany: vectors > mostUnrolled || vectors * paddedChannels(classes) / 4 > mostPairs,
    table,
    [Symbol.dispose]: () => gpu.destroyBuffer(table),
  };
}

/** Most bytes of the table of {@link mergedClasses} for a network of this many classes. */
export function mergedBytes(classes: number, merged: number): number {
  return 4 * paddedChannels(classes) + 16 * merged + 16 * classes;
}

/** The constants that merging adds to a kernel's. */
export function mergeConstants(merged: MergedClasses | undefined): ShaderConstants {
  if (merged === undefined) return {};
  return { MERGED: merged.classes, MERGED_VECTORS: paddedChannels(merged.classes) / 4 };
}
