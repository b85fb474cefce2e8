/**
 * The weight files of a page: a network's weights as safetensors, of 32 or of 16 bits.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { ReasonedError } from "../errors.ts";
import { writeSafetensors, writeStoredSafetensors } from "../formats/safetensors.ts";
import { storedTensor } from "../formats/stored_tensor.ts";
import { takesPhotographs } from "../nn/image_kind.ts";
import { weightMetadata } from "../nn/network.ts";
import type { OpenedWeights } from "../run/weights.ts";
import type { SiteWeights } from "../web/site.ts";

/** The type of the numbers in a page's weight files. The engine computes in 32 bits either way. */
export type WeightType = "f16" | "f32";

/** A weight file, and what `site.json` says of it. */
export interface WrittenWeights extends SiteWeights {
  /** The file. */
  readonly contents: Uint8Array<ArrayBuffer>;
}

/**
 * A network's weights for a page.
 *
 * @param file name of the file beside the page.
 * @throws {Error} if 16 bits cannot hold a weight.
 */
export function siteWeights(opened: OpenedWeights, file: string, type: WeightType): WrittenWeights {
  const { path, model, metadata, tensors } = opened;
  const about = weightMetadata(model, metadata);
  const contents = type === "f32" ? writeSafetensors(tensors, about) : writeStoredSafetensors(
    new Map([...tensors].map(([name, { shape, values }]) => {
      const halves = Float16Array.from(values);
      const place = halves.findIndex((half, index) => !Number.isFinite(half) && Number.isFinite(values[index]));
      if (place >= 0) {
        throw new ReasonedError(
          `Cannot write the weights of ${path} in 16 bits: tensor "${name}" holds ${values[place]}, and they hold ` +
            "numbers up to 65504",
          "weights too large for 16 bits",
        );
      }
      const bytes = () => new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
      return [name, storedTensor({ shape, dtype: "f16", bytes, where: `Cannot write tensor "${name}"` })];
    })),
    about,
  );
  return { file, bytes: contents.length, sha256: createHash("sha256").update(contents).digest("hex"), contents };
}

/**
 * Makes sure that a network takes what a page can give it.
 *
 * @throws {Error} naming the network and what it takes.
 */
export function requirePhotographs({ path, model: { name, takes } }: Pick<OpenedWeights, "path" | "model">): void {
  if (takesPhotographs(takes)) return;
  throw new Error(
    `Cannot export ${path} as a page: it holds ${name}, which takes ${takes.name}. A page gives its network RGB pictures`,
  );
}

/**
 * Makes sure that the network before adaptation can be compared with the adapted one: it must have the same classes.
 *
 * @throws {Error} naming the files.
 */
export function requireComparable(adapted: OpenedWeights, source: OpenedWeights): void {
  if (adapted.metadata.classes.join("|") === source.metadata.classes.join("|")) return;
  throw new Error(
    `Cannot compare ${source.path} with ${adapted.path}: their classes differ (${
      source.metadata.classes.join(", ")
    }; ` +
      `${adapted.metadata.classes.join(", ")})`,
  );
}

/** The path of the network that a run keeps beside the adapted one, if there is one and it is not that file itself. */
export function besideSource(weights: string): string | undefined {
  const path = join(dirname(weights), "source.safetensors");
  return existsSync(path) && realpathSync(path) !== realpathSync(weights) ? path : undefined;
}
