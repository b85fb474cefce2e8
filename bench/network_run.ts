/**
 * Any network on our engine: its training step at some size, and the labelling of an image. Weights, images and labels
 * follow from a formula (`formula.ts`), so that PyTorch can do the same. Nothing is dropped, so that results can be
 * compared.
 *
 * @module
 */

import type { Size } from "../src/data/size.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import type { BufferCopy } from "../src/gpu/launch.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { gradientDestinations } from "../src/nn/backward.ts";
import type { Model } from "../src/nn/model.ts";
import { modelFamilies } from "../src/nn/models/mod.ts";
import { Network } from "../src/nn/network.ts";
import type { ParameterScope } from "../src/nn/parameters.ts";
import { plainVariant } from "../src/nn/variant.ts";
import { interpolatedCrossEntropy } from "../src/ops/loss/interpolated_cross_entropy.ts";
import { groupRates, type Optimizer, sgd } from "../src/optim/optimizer.ts";
import { Predictor } from "../src/selftraining/prediction.ts";
import { type ViewOptions, viewsOf } from "../src/selftraining/views.ts";
import { formulaImages, formulaLabels, formulaNames, formulaParameters, formulaPhotograph, sketch } from "./formula.ts";

/** A network and what to do with it. */
export interface NetworkWorkload {
  readonly model: Model;
  /** Number of classes. */
  readonly classes: number;
  /** Images of a step. */
  readonly batch: number;
  /** Size of a step's images. */
  readonly size: Size;
  /** Size of an image to label. Default: none is labelled. */
  readonly labelSize?: Size | undefined;
  /** Whether activations are computed again for the gradients. Default `false`. */
  readonly recompute?: boolean;
  /** Whether activations are kept in 16 bits. Default `false`. */
  readonly halfActivations?: boolean;
}

/** The views of an image when it is labelled: CRST's test scales, each mirrored as well. */
export const labelViews: ViewOptions = { scales: [0.9, 1, 1.2], flip: true, average: "probabilities" };

/** Rate and momentum of SGD. The rate is so low that the losses of the first steps can be compared. */
const [rate, momentum] = [1e-3, 0.9];
/**
 * Factors on the formula's parameters. By the formula alone, each residual block adds as much as it gets, and the
 * logits of a deep network are huge. In trained networks a block adds less.
 */
const factors = { "conv3.bn.gamma": 0.25 };
/** Pixels of the labelled image whose labels are compared, at most. */
const comparedPixels = 4096;

/** What the same workload in PyTorch is told (`peers/networks/workload.py`). */
export function describeNetwork({ model, classes, batch, size, labelSize }: NetworkWorkload, names: readonly string[]) {
  const family = modelFamilies.find(({ name }) => name === model.name);
  return {
    network: model.name,
    variant: { ...plainVariant, ...family?.plain, ...model.variant },
    ...{ classes, batch, size: [size.height, size.width], alignCorners: model.alignCorners, names },
    channels: model.takes.channels,
    ...{ factors, rate, momentum },
    ...(labelSize === undefined ? {} : {
      label: {
        size: [labelSize.height, labelSize.width],
        views: viewsOf(labelSize, labelViews, model.sizeMultiple)
          .map(({ size, mirror }) => [[size.height, size.width], mirror]),
        pixels: pixelsToCompare(labelSize),
      },
    }),
  };
}

/** The network with its step, compiled. Images are labelled with the weights as they are then. */
export class NetworkRun {
  readonly #predictor: Predictor;

  private constructor(
    readonly gpu: Gpu,
    readonly workload: NetworkWorkload,
    readonly network: Network,
    readonly optimizer: Optimizer,
    readonly step: Program,
    readonly updates: readonly BufferCopy[],
    /** Bytes that the step has allocated: parameters, gradients, momentum, inputs, activations. */
    readonly stepBytes: number,
  ) {
    this.#predictor = new Predictor(gpu, network, 1, labelViews);
  }

  /** Compiles the step and writes weights, images and labels. */
  static async open(gpu: Gpu, workload: NetworkWorkload): Promise<NetworkRun> {
    const bytesBefore = gpu.allocatedBytes;
    const { model, classes, batch, size } = workload;
    const network = new Network(gpu, model, { classes: Array.from({ length: classes }, (_, id) => `${id}`) });
    const { store } = network;
    const { definition, updated, shape } = stepGraph(network, workload);
    const optimizer = await sgd(gpu, store, { momentum, weightDecay: 0 });
    const step = await Program.compile(gpu, { ...definition, epilogue: optimizer.dispatches });
    const updates = updated.map((name) => {
      const { buffer, offset, size } = store.valueRange(name);
      return { from: { ...step.output(name), size }, to: buffer, toOffset: offset };
    });
    const run = new NetworkRun(gpu, workload, network, optimizer, step, updates, gpu.allocatedBytes - bytesBefore);
    store.load(formulaParameters(store.declarations, run.names, factors), "the formula");
    const pixels = batch * size.height * size.width;
    step.write("images", pack(formulaImages(0, pixels * model.takes.channels), shape, "activation"));
    step.write("labels", formulaLabels(0, pixels, classes));
    return run;
  }

  /** Names of the parameters in PyTorch. The place of one is its number in the formula. */
  get names(): readonly string[] {
    return formulaNames(this.network.store.declarations);
  }

  /** Takes a step, and returns the loss before it. */
  async train(): Promise<number> {
    this.optimizer.prepare(groupRates(this.network.store.groups.map(({ name }) => ({ name })), rate, 1));
    this.step.run();
    if (this.updates.length > 0) this.gpu.submit([], this.updates);
    return (await this.step.read("loss"))[0] ?? NaN;
  }

  /** Sketches of the last step's gradients, by the parameter's name. */
  async gradients(): Promise<Map<string, Float64Array>> {
    const found = await this.network.store.saveGradients();
    return new Map([...found].map(([name, { values }]) => [name, sketch(values)]));
  }

  /** Labels an image of this size. Gives the milliseconds, and the labels of the pixels that are compared. */
  async label(size: Size): Promise<{ readonly milliseconds: number; readonly values: readonly number[] }> {
    const { height, width } = size;
    const image = { height, width, pixels: formulaPhotograph(height * width) };
    const sample = { name: "a photograph", image, labels: null, labelSize: null, originalSize: size };
    const start = performance.now();
    const { labels } = await this.#predictor.run({ samples: [sample], size, labelSize: size });
    const [bytes] = await this.gpu.read(labels);
    const milliseconds = performance.now() - start;
    return { milliseconds, values: pixelsToCompare(size).map((pixel) => bytes?.[pixel] ?? NaN) };
  }

  /** Frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#predictor[Symbol.asyncDispose]();
    for (const owned of [this.step, this.optimizer, this.network]) owned.dispose();
  }
}

/** Pixels in even distances, over the whole image. */
function pixelsToCompare({ height, width }: Size): number[] {
  const count = Math.min(comparedPixels, height * width);
  return Array.from({ length: count }, (_, index) => Math.floor(index * height * width / count));
}

/** The graph of a step without the optimizer, and the names of the outputs that replace running statistics. */
function stepGraph(network: Network, workload: NetworkWorkload) {
  const { model, classes, batch, size: { height, width }, recompute = false, halfActivations: half = false } = workload;
  const { store } = network;
  const images = input("images", [batch, model.takes.channels, height, width]);
  const labels = input("labels", [batch, height, width], { dtype: "u8", layout: "plain" });
  const updates = new Map<string, Tensor>();
  // Without `dropoutKey` nothing is dropped.
  const scope: ParameterScope = {
    parameter: (name, shape, options) => store.parameter(name, shape, options),
    update: (name, value) => updates.set(name, value),
  };
  const logits = model.logits(images, scope, { classes, inference: false });
  const loss = interpolatedCrossEntropy(logits, labels, { alignCorners: model.alignCorners });
  return {
    definition: {
      outputs: { loss, ...Object.fromEntries(updates) },
      destinations: gradientDestinations(loss, store),
      activations: { loss, recompute, half },
    },
    updated: [...updates.keys()],
    shape: images.shape,
  };
}
