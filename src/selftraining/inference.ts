/**
 * Runs a network over the images of a split: the program that computes the logits, and batches of images of equal size.
 *
 * @module
 */

import type { Sample, SampleSource } from "../data/sample.ts";
import { formatSize, type Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Program } from "../graph/program.ts";
import type { ProgramDefinition } from "../graph/program_plan.ts";
import { input } from "../graph/tensor.ts";
import { encodeBatch } from "../nn/image_kind.ts";
import type { Network } from "../nn/network.ts";
import { sampleGeometryLength, sampleGeometryValues, wholeImage } from "../ops/data/geometry.ts";

/** Images in one launch of the network that labels and scores, by default. */
export const defaultBatch = 4;

/** Samples of one image size and one label size. */
export interface SampleBatch {
  /** The samples, in their order. */
  readonly samples: readonly Sample[];
  /** Size of the images. */
  readonly size: Size;
  /** Size of the labels. Without labels, that of the images. */
  readonly labelSize: Size;
}

/**
 * Groups samples into batches without changing their order. All images of a batch have one size, and so have all
 * labels.
 */
export async function* equalBatches(samples: AsyncIterable<Sample>, batch: number): AsyncGenerator<SampleBatch> {
  let waiting: Sample[] = [];
  for await (const sample of samples) {
    const first = waiting[0];
    if (first !== undefined && (waiting.length === batch || sizeKey(first) !== sizeKey(sample))) {
      yield batchOf(waiting, first);
      waiting = [];
    }
    waiting.push(sample);
  }
  const first = waiting[0];
  if (first !== undefined) yield batchOf(waiting, first);
}

function batchOf(samples: readonly Sample[], first: Sample): SampleBatch {
  const { height, width } = first.image;
  return { samples, size: { height, width }, labelSize: first.labelSize ?? { height, width } };
}

function sizeKey({ image, labelSize }: Sample): string {
  const { height, width } = labelSize ?? image;
  return `${image.height}x${image.width} ${height}x${width}`;
}

/** How an image is shown to the network: at some size, perhaps mirrored. */
export interface View {
  /** Size that the network sees; a multiple of its `sizeMultiple`. */
  readonly size: Size;
  readonly mirror: boolean;
}

/** The number of image sizes whose programs are kept. */
const keptSizes = 4;

/** The programs that compute a network's logits. Those of the four image sizes that were used last are kept. */
export class InferencePrograms {
  /** The programs by image size and then by size of the view. The image size that was used last comes last. */
  readonly #programs = new Map<string, Map<string, Promise<Program>>>();

  /** @param batch most images in one launch of the network. */
  constructor(readonly gpu: Gpu, readonly network: Network, readonly batch: number) {}

  /**
   * Runs the network on a batch; does not wait for the GPU. A batch that is not full is filled with images of zeros.
   */
  async run(group: SampleBatch, view: View = { size: group.size, mirror: false }): Promise<Program> {
    const { samples, size } = group;
    const program = await this.program(group, view);
    const images = samples.map(({ image }) => image);
    const names = samples.map(({ name }) => name);
    const pixels = encodeBatch(this.network.model.takes, images, names, this.batch, size);
    const geometry = { ...wholeImage(view.size.height, view.size.width), mirror: view.mirror };
    program.write("pixels", pixels);
    program.write("geometry", Float32Array.from(samplesOf(this.batch, sampleGeometryValues(geometry))));
    program.run();
    return program;
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    await this.#keepSizes(0);
  }

  /** The program for a view of images of this size. It is compiled if it is not kept. */
  program({ size }: Pick<SampleBatch, "size">, view: View): Promise<Program> {
    const key = formatSize(size);
    const programs = this.#programs.get(key) ?? new Map<string, Promise<Program>>();
    this.#programs.delete(key);
    this.#programs.set(key, programs);
    const viewKey = formatSize(view.size);
    const program = programs.get(viewKey) ?? this.#compile(size, view.size);
    programs.set(viewKey, program);
    return program;
  }

  async #compile(size: Size, viewSize: Size): Promise<Program> {
    await this.#keepSizes(keptSizes);
    return await Program.compile(this.gpu, logitsProgram(this.network, this.batch, size, viewSize));
  }

  /**
   * Frees the programs of all image sizes but the `count` that were used last. Work that was submitted still completes.
   */
  async #keepSizes(count: number): Promise<void> {
    const old = [...this.#programs.keys()].slice(0, Math.max(0, this.#programs.size - count));
    const programs = old.flatMap((key) => [...this.#programs.get(key)?.values() ?? []]);
    for (const key of old) this.#programs.delete(key);
    for (const compiled of await Promise.allSettled(programs)) {
      // Where a program could not be compiled, who asked for it was told, and there is nothing to free.
      if (compiled.status === "fulfilled") compiled.value.dispose();
    }
  }
}

/**
 * A program that computes the logits of a batch. The images have the size `size`, and the network sees them at
 * `viewSize`. The output is called `logits`.
 */
export function logitsProgram(network: Network, batch: number, size: Size, viewSize: Size): ProgramDefinition {
  const { takes } = network.model;
  const geometry = input("geometry", [batch, sampleGeometryLength], { layout: "plain" });
  const images = takes.sample(takes.input(batch, size), geometry, viewSize);
  return { outputs: { logits: network.logits(images, true) }, residents: network.store };
}

function samplesOf(count: number, values: readonly number[]): number[] {
  return Array.from({ length: count }, () => values).flat();
}

/**
 * The samples of a split at the working size. If the size is `null`, each image keeps its own, rounded to a multiple of
 * the network's `sizeMultiple`.
 *
 * @param onRounded called once, for the first image whose own size is rounded.
 */
export async function* loadSplit<Item>(
  source: SampleSource<Item>,
  items: Iterable<Item>,
  network: Network,
  size: Size | null,
  labels: "resized" | "original" | "none",
  onRounded?: (own: Size, rounded: Size) => void,
): AsyncGenerator<Sample> {
  let say = size === null ? onRounded : undefined;
  for await (const sample of source.load(items, { size, stride: network.model.sizeMultiple, labels })) {
    const { image, originalSize } = sample;
    if (image.height !== originalSize.height || image.width !== originalSize.width) {
      say?.(originalSize, image);
      say = undefined;
    }
    yield sample;
  }
}
