/**
 * Runs a network over the images of a split: the program that computes the logits, and batches of images that are padded
 * to one size.
 *
 * @module
 */

import type { Sample } from "../data/sample.ts";
import { canvasOf, groupingOf, type ShapeOptions } from "../data/shapes.ts";
import { formatSize, isSameSize, type Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Program } from "../graph/program.ts";
import type { ProgramDefinition } from "../graph/program_plan.ts";
import { input } from "../graph/tensor.ts";
import { encodeBatch } from "../nn/image_kind.ts";
import type { Network } from "../nn/network.ts";
import { type SampleGeometry, sampleGeometryLength, sampleGeometryValues, wholeImage } from "../ops/data/geometry.ts";

/** Images in one launch of the network that labels and scores, by default. */
export const defaultBatch = 4;

/** Samples that the network sees together. */
export interface SampleBatch {
  /** The samples, in their order. */
  readonly samples: readonly Sample[];
  /** What the network sees: the size of the images, or a larger one to which they are padded. */
  readonly size: Size;
  /** Size of the labels; that of the first image where the images differ. Without labels, that of the image. */
  readonly labelSize: Size;
  /** The size of each image's labels, where the images or their labels differ in size, or may do so in the next batch. */
  readonly labelSizes?: readonly Size[];
}

/** How samples are grouped into batches. */
export interface Grouping {
  /** Most images in a batch. */
  readonly batch: number;
  /** The sizes to which images are padded, and whether they are mixed in a batch. */
  readonly shapes: ShapeOptions;
  /** What the sides of a padded image are multiples of. */
  readonly multiple: number;
}

/**
 * Groups samples into batches without changing their order. All images of a batch are padded to one size. If shapes are
 * not mixed, they also have one size themselves, and so have all labels.
 *
 * @param labelSizeOf the size at which a sample is labelled. Default: that of its labels, without labels that of the
 * image.
 */
export async function* equalBatches(
  samples: AsyncIterable<Sample>,
  grouping: Grouping,
  labelSizeOf: (sample: Sample) => Size = ({ image, labelSize }) => labelSize ?? image,
): AsyncGenerator<SampleBatch> {
  const { batch, multiple } = grouping;
  const { canvases, areMixed } = groupingOf(grouping.shapes);
  const keyOf = (sample: Sample) => {
    const canvas = formatSize(canvasOf(sample.image, canvases, multiple));
    return areMixed ? canvas : `${canvas} ${formatSize(sample.image)} ${formatSize(labelSizeOf(sample))}`;
  };
  let waiting: Sample[] = [];
  const group = ([first, ...others]: readonly Sample[]): SampleBatch[] => {
    if (first === undefined) return [];
    const together = [first, ...others];
    return [{
      samples: together,
      size: canvasOf(first.image, canvases, multiple),
      labelSize: labelSizeOf(first),
      ...(areMixed ? { labelSizes: together.map(labelSizeOf) } : {}),
    }];
  };
  let key = "";
  for await (const sample of samples) {
    const own = keyOf(sample);
    if (waiting.length === batch || own !== key) {
      yield* group(waiting);
      waiting = [];
    }
    key = own;
    waiting.push(sample);
  }
  yield* group(waiting);
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

  /**
   * @param batch most images in one launch of the network.
   * @param whole whether logits are computed also where there is a score map. Default `false`.
   */
  constructor(readonly gpu: Gpu, readonly network: Network, readonly batch: number, readonly whole: boolean = false) {}

  /**
   * Runs the network on a batch; does not wait for the GPU. A batch that is not full is filled with images of zeros.
   */
  async run(group: SampleBatch, view: View = { size: group.size, mirror: false }): Promise<Program> {
    const { samples, size } = group;
    const program = await this.program(group, view);
    const images = samples.map(({ image }) => image);
    const names = samples.map(({ name }) => name);
    const pixels = encodeBatch(this.network.model.takes, images, names, this.batch, size);
    const whole: SampleGeometry = { ...wholeImage(view.size.height, view.size.width), mirror: view.mirror };
    const places = images.map((image) => ({ ...whole, ...coveredGeometry(image, size, view) }));
    const all = Array.from({ length: this.batch }, (_, index) => sampleGeometryValues(places[index] ?? whole));
    program.write("pixels", pixels);
    program.write("geometry", Float32Array.from(all.flat()));
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
    return await Program.compile(this.gpu, logitsProgram(this.network, this.batch, size, viewSize, this.whole));
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
 * A program that computes the logits of a batch, or the score map that they follow from. The images take `size` with
 * their padding, and the network sees them at `viewSize`. The output is called `logits`.
 *
 * @param whole whether logits are wanted also where there is a score map. Default `false`.
 */
export function logitsProgram(
  network: Network,
  batch: number,
  size: Size,
  viewSize: Size,
  whole = false,
): ProgramDefinition {
  const { takes } = network.model;
  const geometry = input("geometry", [batch, sampleGeometryLength], { layout: "plain" });
  const images = takes.sample(takes.input(batch, size), geometry, viewSize);
  return {
    outputs: { logits: whole ? network.logits(images, true) : network.scores(images) },
    residents: network.store,
  };
}

/**
 * The rows and columns of a view that an image covers, if it is padded to `canvas`: the image is scaled as the canvas
 * is.
 */
export function coveredSize({ height, width }: Size, canvas: Size, { size }: View): Size {
  const scale = (side: number, of: number, to: number) => Math.max(1, Math.round(side * to / of));
  return { height: scale(height, canvas.height, size.height), width: scale(width, canvas.width, size.width) };
}

/** Where an image lies in a view: at the top left, whether the view is mirrored or not. */
function coveredGeometry({ height, width }: Size, canvas: Size, view: View): Partial<SampleGeometry> {
  if (isSameSize({ height, width }, canvas)) return {};
  const covered = coveredSize({ height, width }, canvas, view);
  return {
    scaledHeight: covered.height,
    scaledWidth: covered.width,
    // The columns of a mirrored view are counted from its right edge. This brings the padding there.
    left: view.mirror ? covered.width - view.size.width : 0,
    size: { height, width },
  };
}
