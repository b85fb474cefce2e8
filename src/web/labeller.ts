/**
 * Labels pictures with a network on the visitor's GPU, as `crosswalk predict` does.
 *
 * @module
 */

import { makeSample, type PixelImage } from "../data/sample.ts";
import { planShapes } from "../data/shapes.ts";
import { formatSize, type WorkingSize, workingSize } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { loadNetwork, type Network } from "../nn/network.ts";
import { equalBatches } from "../selftraining/inference.ts";
import { Predictor } from "../selftraining/prediction.ts";
import { rankedKeys } from "../selftraining/ranked_keys.ts";
import type { ScoreBatch, ScoreOptions } from "../selftraining/scores.ts";
import { plainView } from "../selftraining/views.ts";
import type { LabelledPicture, LabelStage } from "./label_messages.ts";
import { type NetworkName, shownClasses, type Site } from "./site.ts";

/** What a caller may be told while a picture is labelled, and may ask for. */
export interface LabelOptions {
  /** Whether the confidence of each pixel is wanted. */
  readonly withConfidence: boolean;
  /** Called before programs are compiled for pictures of a new size. */
  readonly onCompile: (size: string) => void;
}

/** A network that labels pictures. */
export class Labeller {
  readonly #network: Network;
  readonly #predictor: Predictor;
  readonly #classes: number;
  readonly #size: WorkingSize;
  /** The sizes for which programs are compiled. */
  readonly #compiled = new Set<string>();

  /**
   * Puts the weights on the GPU.
   *
   * @param weights the bytes of the weight file.
   * @throws {Error} if they are not those of a network.
   */
  constructor(readonly gpu: Gpu, readonly name: NetworkName, site: Site, weights: Uint8Array<ArrayBuffer>) {
    this.#network = loadNetwork(gpu, weights, site.weights[name]?.file ?? name, { trainable: false });
    const { labelSet, size } = site;
    const merge = labelSet === undefined ? undefined : {
      name: labelSet.name,
      toId: [...labelSet.toId],
      toClasses: [...labelSet.classes],
      fromClasses: [...site.classes],
    };
    // One picture at a time, since each is labelled at its own size.
    this.#predictor = new Predictor(gpu, this.#network, 1, plainView, merge);
    this.#classes = shownClasses(site).classes.length;
    this.#size = size === null ? null : { shortSide: Math.min(size.height, size.width) };
  }

  /**
   * Labels a picture at its own size.
   *
   * @param times what was measured before; what is measured here is added.
   */
  async label(image: PixelImage, times: LabelledPicture["times"], options: LabelOptions): Promise<LabelledPicture> {
    const watch = new StopWatch(times);
    const { height, width } = image;
    const own = { height, width };
    const { model } = this.#network;
    const sample = makeSample("the picture", image, null, { size: this.#size, labels: "none" });
    watch.lap("resize");
    const shapes = planShapes(this.#size, [own], model.sizeMultiple);
    const size = formatSize(workingSize(own, this.#size));
    const program = `${size} ${formatSize(own)}`;
    const isNew = !this.#compiled.has(program);
    if (isNew) options.onCompile(size);
    const samples = async function* () {
      yield await Promise.resolve(sample);
    };
    const grouping = { batch: 1, shapes, multiple: model.sizeMultiple };
    for await (const group of equalBatches(samples(), grouping, ({ originalSize }) => originalSize)) {
      let confidence: Uint8Array<ArrayBuffer> | null = null;
      const launched = async (batch: ScoreBatch, scores: ScoreOptions) => {
        if (isNew) watch.lap("compile");
        await this.gpu.wait();
        watch.lap("network");
        if (!options.withConfidence) return;
        confidence = await confidenceOf(this.gpu, batch, scores);
        watch.lap("confidence");
      };
      const prediction = await this.#predictor.run(group, { withScores: launched });
      const [labels = new Uint8Array(0)] = await this.gpu.read({ ...prediction.labels, size: height * width });
      this.#compiled.add(program);
      const { name: network } = this;
      const counts = countsOf(labels, this.#classes);
      return { network, height, width, labels, confidence, seen: size, counts, times: watch.times };
    }
    throw new Error("The picture was not labelled");
  }
}

/** Measures stages that follow each other. */
export class StopWatch {
  #last = performance.now();

  /** @param times of earlier stages. */
  constructor(public times: LabelledPicture["times"] = []) {}

  /** Ends a stage, and begins the next. */
  lap(stage: LabelStage): void {
    const now = performance.now();
    this.times = [...this.times, { stage, milliseconds: now - this.#last }];
    this.#last = now;
  }
}

function countsOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const id of labels) counts[id] = (counts[id] ?? 0) + 1;
  return counts.slice(0, classes);
}

/** The probability of each pixel's most probable class, from 0 to 255. */
async function confidenceOf(gpu: Gpu, batch: ScoreBatch, scores: ScoreOptions): Promise<Uint8Array<ArrayBuffer>> {
  const confidence = new Uint8Array(batch.height * batch.width);
  const batches = async function* () {
    yield* await Promise.resolve(batch.parts ?? [batch]);
  };
  for await (const { keys, count } of rankedKeys(gpu, { images: 1, batches }, scores)) {
    const [bytes = new Uint8Array(0)] = await gpu.read({ ...keys, size: 4 * count });
    for (const [pixel, value] of new Float32Array(bytes.buffer).entries()) confidence[pixel] = Math.round(255 * value);
  }
  return confidence;
}
