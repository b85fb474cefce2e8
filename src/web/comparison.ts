/**
 * The labels of the networks before and after the rounds of a finished run.
 *
 * @module
 */

import { rgbPixels, type Sample } from "../data/sample.ts";
import { Gpu } from "../gpu/gpu.ts";
import { loadNetwork, type Network } from "../nn/network.ts";
import { equalBatches } from "../selftraining/inference.ts";
import { Predictor } from "../selftraining/prediction.ts";
import { testViewOptions } from "../settings/settings.ts";
import type { LabelledPicture } from "./adapt_messages.ts";
import { type ReadRun, readRun, type RunStart } from "./browser_run.ts";
import type { OpfsStore } from "./opfs_store.ts";
import { StoredSamples } from "./stored_samples.ts";

/** A target image as both networks label it. `picture.labels` are those after the rounds. */
export interface Compared {
  readonly picture: LabelledPicture;
  readonly before: Uint8Array<ArrayBuffer>;
}

/** Both networks of a finished run. Close it when done. */
export class Comparison {
  readonly #samples = new StoredSamples();

  private constructor(
    readonly gpu: Gpu,
    readonly run: ReadRun,
    readonly networks: readonly Network[],
    readonly predictors: readonly Predictor[],
  ) {}

  /** Opens the networks that a run has written. */
  static async open(store: OpfsStore, start: RunStart): Promise<Comparison> {
    const run = await readRun(store, start, () => {});
    const gpu = await Gpu.open({ kind: () => ({ software: start.software }) });
    try {
      const networks: Network[] = [];
      for (const name of ["source.safetensors", "weights.safetensors"]) {
        const bytes = await store.read(name);
        if (bytes === null) throw new Error(`${store.describe(name)} is missing`);
        networks.push(loadNetwork(gpu, bytes, store.describe(name), { trainable: false }));
      }
      const views = testViewOptions(run.settings);
      return new Comparison(gpu, run, networks, networks.map((network) => new Predictor(gpu, network, 1, views)));
    } catch (error) {
      gpu.close();
      throw error;
    }
  }

  /** Labels a target image. */
  async picture(index: number): Promise<Compared> {
    const { images: { target }, sizes: { shapes }, first: { model } } = this.run;
    const item = target[index];
    if (item === undefined) throw new RangeError(`There is no target image ${index}: there are ${target.length}`);
    const sample = await this.#samples.loadOne(item, { size: shapes.size, labels: "none" });
    const { height, width } = sample.image;
    const maps: Uint8Array<ArrayBuffer>[] = [];
    for (const predictor of this.predictors) {
      for await (const group of equalBatches(only(sample), { batch: 1, shapes, multiple: model.sizeMultiple })) {
        const { labels } = await predictor.run(group);
        const [bytes = new Uint8Array(0)] = await this.gpu.read(labels);
        maps.push(bytes.slice(0, height * width));
      }
    }
    const [before = new Uint8Array(0), labels = new Uint8Array(0)] = maps;
    return { picture: { name: item.name, height, width, pixels: rgbPixels(sample.image, item.name), labels }, before };
  }

  /** Frees the GPU. */
  async close(): Promise<void> {
    for (const predictor of this.predictors) await predictor[Symbol.asyncDispose]();
    for (const network of this.networks) network.dispose();
    this.gpu.close();
  }
}

async function* only(sample: Sample): AsyncGenerator<Sample> {
  yield sample;
}
