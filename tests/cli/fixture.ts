/**
 * A tiny data set and an untrained network for the tests of the command line, made once per test file.
 *
 * @module
 */

import { join } from "node:path";
import { encodeLabelPng } from "../../src/data/encode.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { write } from "../data/pictures.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { testGpu } from "../ops/harness.ts";

/**
 * Size of the pictures. It is small, and the same as in the other tests of whole runs, so that drivers find their
 * kernels compiled.
 */
export const pictureSize = { height: 32, width: 64 };

/** Bytes of a street and of its labels. */
export function street(index: number, size = pictureSize) {
  const { height, width } = size;
  const { pixels, labels } = renderTown("source", index, { ...size, seed: 1 });
  return { image: encodeRgbPng(pixels, height, width), labels: encodeLabelPng(labels, height, width) };
}

/** Writes a data set of the towns' classes with one street in its split `train` and one in `val`. */
export function writeStreets(folder: string): void {
  // A key that this program does not know is the user's own business.
  const description = { name: "streets", classes: townClasses.map(({ name }) => name), photographer: "nobody" };
  write(join(folder, "dataset.json"), JSON.stringify(description));
  for (const [index, split] of ["train", "val"].entries()) {
    const { image, labels } = street(index);
    write(join(folder, split, "images", "street.png"), image);
    write(join(folder, split, "labels", "street.png"), labels);
  }
}

/** A small network for the towns' classes with random weights, taken apart. */
export async function networkFile() {
  const network = new Network(await testGpu(), deeplabNano, { classes: townClasses.map(({ name }) => name) });
  network.store.initialize(1);
  const bytes = await network.save();
  network.dispose();
  return { bytes, ...readSafetensors(bytes, "the network") };
}

/** A recipe of a run that takes seconds. */
export const recipe = `
model: deeplab-nano
batch: 2
crop: 32x32
source-steps: 2
source-rate: 0.01
warm-up: 0
rounds: 1
epochs: 2
learning-rate: [0.001]
source-images: 1
target-images: all
repeat-images: false
spatial-prior: false
mining: "off"
`;
