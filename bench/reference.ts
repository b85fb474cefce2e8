/**
 * The reference workload on our engine: a training step and an inference of the network in `reference_data.ts`.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import type { BufferCopy } from "../src/gpu/launch.ts";
import { pack } from "../src/graph/layout.ts";
import type { MemoryPlan } from "../src/graph/plan.ts";
import { Program } from "../src/graph/program.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { gradientDestinations } from "../src/nn/backward.ts";
import { residualDeeplabLogits } from "../src/nn/models/residual_deeplab.ts";
import { ParameterStore } from "../src/nn/parameter_store.ts";
import { collectParameters, type ParameterScope } from "../src/nn/parameters.ts";
import { interpolatedCrossEntropy } from "../src/ops/loss/interpolated_cross_entropy.ts";
import { bilinearResize } from "../src/ops/resize/bilinear_resize.ts";
import { type Optimizer, sgd } from "../src/optim/optimizer.ts";
import * as data from "./reference_data.ts";

/** The reference network with its training step and its inference, compiled. */
export class ReferenceRun {
  private constructor(
    readonly gpu: Gpu,
    readonly size: data.ReferenceSize,
    readonly store: ParameterStore,
    readonly optimizer: Optimizer,
    /** Loss, gradients and the optimizer. */
    readonly step: Program,
    /** Logits, interpolated to the size of the images; `null` where no inference was asked for. */
    readonly forward: Program | null,
    readonly updates: readonly BufferCopy[],
    /** Everything that the step has allocated: parameters, gradients, momentum, inputs, activations. */
    readonly stepBytes: number,
    /**
     * Bytes that an inference needs: parameters, input, activations, scratch and interpolated logits. 0 without one.
     */
    readonly forwardBytes: number,
  ) {}

  /**
   * Compiles the programs and writes weights, images and labels.
   *
   * @param options.size default the sizes that the workload is defined by.
   * @param options.inference whether inferences are wanted beside steps; default `true`.
   */
  static async open(
    gpu: Gpu,
    { size = data.referenceSize, inference = true }: { size?: data.ReferenceSize; inference?: boolean } = {},
  ): Promise<ReferenceRun> {
    const bytesBefore = gpu.allocatedBytes;
    const { batch, height, width, classes } = size;
    const shape = [batch, 3, height, width];
    const images = input("images", shape);
    const store = new ParameterStore(
      gpu,
      collectParameters((scope) => residualDeeplabLogits(images, scope, false, classes)),
    );
    const gradientBytes = store.gradientSegments.reduce((sum, { size }) => sum + size, 0);
    const parameterBytes = gpu.allocatedBytes - bytesBefore - gradientBytes;
    const optimizer = await sgd(gpu, store, { momentum: data.momentum, weightDecay: 0 });
    const { definition, updated } = stepGraph(images, store, size);
    const step = await Program.compile(gpu, { ...definition, epilogue: optimizer.dispatches });
    const stepBytes = gpu.allocatedBytes - bytesBefore;
    const bytesBeforeForward = gpu.allocatedBytes;
    const forward = !inference ? null : await Program.compile(gpu, {
      outputs: { logits: bilinearResize(residualDeeplabLogits(images, store, true, classes), { height, width }) },
      residents: store,
    });
    const forwardBytes = inference ? parameterBytes + gpu.allocatedBytes - bytesBeforeForward : 0;
    const updates = updated.map((name) => {
      const { buffer, offset, size } = store.valueRange(name);
      return { from: { ...step.output(name), size }, to: buffer, toOffset: offset };
    });
    const bytes = [stepBytes, forwardBytes] as const;
    const run = new ReferenceRun(gpu, size, store, optimizer, step, forward, updates, ...bytes);
    const packed = pack(data.images(size), shape, "activation");
    for (const program of [step, forward]) program?.write("images", packed);
    step.write("labels", data.labels(size));
    run.reset();
    return run;
  }

  /** Restores the initial weights and running statistics, and sets the momentum to zero. */
  reset(): void {
    const tensors = [...data.parameters(this.size), ...data.runningStatistics()];
    this.store.load(new Map(tensors.map((tensor) => [tensor.name, tensor])), "the reference workload");
    this.optimizer.reset();
  }

  /** Submits one training step; `await loss()` waits for it. */
  submitStep(): void {
    this.optimizer.prepare({ backbone: data.learningRate, head: data.learningRate });
    this.step.run(this.updates);
  }

  /** The loss before the last step's update. */
  async loss(): Promise<number> {
    return (await this.step.read("loss"))[0] ?? NaN;
  }

  /** Submits one inference. */
  submitForward(): void {
    this.#inference.run();
  }

  /** The logits of the last inference as they lie on the GPU: `[N, H, W, C₄]`. */
  async logits(): Promise<Float32Array> {
    return new Float32Array((await this.#inference.readBytes("logits")).buffer);
  }

  get #inference(): Program {
    if (this.forward === null) throw new Error("The reference workload was opened without inference");
    return this.forward;
  }

  /** Plan of the step's activations. */
  get memory(): MemoryPlan {
    return this.step.memory;
  }

  /** Frees everything. */
  dispose(): void {
    for (const owned of [this.step, this.forward, this.optimizer, this.store]) owned?.dispose();
  }

  /** Same as `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The graph of a step without the optimizer, and the names of the outputs that replace running statistics. */
function stepGraph(images: Tensor, store: ParameterStore, { batch, height, width, classes }: data.ReferenceSize) {
  const labels = input("labels", [batch, height, width], { dtype: "u8", layout: "plain" });
  const updates = new Map<string, Tensor>();
  const scope: ParameterScope = {
    parameter: (name, shape, options) => store.parameter(name, shape, options),
    update: (name, value) => updates.set(name, value),
  };
  const loss = interpolatedCrossEntropy(residualDeeplabLogits(images, scope, false, classes), labels, {
    ignoreLabel: data.ignoreLabel,
  });
  return {
    definition: {
      outputs: { loss, ...Object.fromEntries(updates) },
      destinations: gradientDestinations(loss, store),
    },
    updated: [...updates.keys()],
  };
}
