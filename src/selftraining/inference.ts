/**
 * A network run over the images of a split in batches: the logits program, and batches of equal size to feed it.
 *
 * @module
 */

import type { Sample, SampleSource } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Program } from "../graph/program.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { encodeBatch } from "../nn/image_kind.ts";
import type { Network } from "../nn/network.ts";
import { sampleGeometryLength, sampleGeometryValues, wholeImage } from "../ops/data/geometry.ts";

/** Samples of one image size and one label size. */
export interface SampleBatch {
  /** The samples, in their order. */
  readonly samples: readonly Sample[];
  /** Size of the images. */
  readonly size: Size;
  /** Size of the labels; that of the images where there are none. */
  readonly labelSize: Size;
}

/** Groups samples, in order, into batches of equal sizes. */
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

/** How an image is shown to the network: at a scale, perhaps mirrored. */
export interface View {
  /** Size that the network sees; a multiple of its `sizeMultiple`. */
  readonly size: Size;
  readonly mirror: boolean;
}

/** Programs that compute what `build` makes of the logits, one for each size and batch that turns up. */
export class InferencePrograms {
  readonly #programs = new Map<string, Promise<Program>>();

  /**
   * @param build from the logits of a view and the size of the labels to the outputs of the program.
   */
  constructor(
    readonly gpu: Gpu,
    readonly network: Network,
    readonly batch: number,
    readonly build: (logits: Tensor, labelSize: Size) => Readonly<Record<string, Tensor>>,
  ) {}

  /** Submits the network on a batch; a batch that is not full is filled with images of zeros. */
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
    for (const program of this.#programs.values()) (await program).dispose();
    this.#programs.clear();
  }

  /** The program for batches of these sizes, compiled once. */
  program({ size, labelSize }: Pick<SampleBatch, "size" | "labelSize">, view: View): Promise<Program> {
    const key = JSON.stringify([size, labelSize, view.size]);
    let program = this.#programs.get(key);
    if (program === undefined) {
      const { takes } = this.network.model;
      const geometry = input("geometry", [this.batch, sampleGeometryLength], { layout: "plain" });
      const images = takes.sample(takes.input(this.batch, size), geometry, view.size);
      const outputs = this.build(this.network.logits(images, true), labelSize);
      program = Program.compile(this.gpu, { outputs, residents: this.network.store });
      this.#programs.set(key, program);
    }
    return program;
  }
}

function samplesOf(count: number, values: readonly number[]): number[] {
  return Array.from({ length: count }, () => values).flat();
}

/**
 * The samples of a split at the working size (`null`: each image's own, rounded to the network's `sizeMultiple`).
 *
 * @param onRounded told once, of the first image whose own size is rounded.
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
