/**
 * The single layers of `layer_data.ts` on our engine.
 *
 * @module
 */

import type { Layout } from "../src/graph/layout.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { conv2d } from "../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../src/ops/conv/depthwise_conv2d.ts";
import { gradients } from "../src/ops/gradients.ts";
import { interpolatedCrossEntropy } from "../src/ops/loss/interpolated_cross_entropy.ts";
import { batchNorm } from "../src/ops/norm/batch_norm.ts";
import { batchNormTraining } from "../src/ops/norm/batch_norm_training.ts";
import { maxPool2d } from "../src/ops/pool/max_pool2d.ts";
import { bilinearResize } from "../src/ops/resize/bilinear_resize.ts";
import { type Direction, layerInput, outputShape, type SingleLayer } from "./layer_data.ts";
import { epsilon } from "./reference_data.ts";

/**
 * The results of a layer by name. They are functions of the inputs that `layerInput` names; `labels` are those of
 * `layerLabels`.
 */
export function layerGraph(layer: SingleLayer, direction: Direction): Record<string, Tensor> {
  const { y, learned } = forward(layer, direction !== "forward");
  if (direction === "forward") return { y };
  const wanted = Object.entries(learned).filter(([name]) =>
    direction === "forward+backward" || direction === `d${name}`
  );
  const outputGradient = y.layout === "plain" ? undefined : input("dy", y.shape, { layout: y.layout });
  const found = gradients(y, wanted.map(([, tensor]) => tensor), outputGradient);
  const named = Object.fromEntries(found.map((gradient, index) => [`d${wanted[index]?.[0]}`, gradient]));
  return direction === "forward+backward" ? { y, ...named } : named;
}

/** The layer's result, and the inputs that have gradients. */
function forward(layer: SingleLayer, training: boolean): { y: Tensor; learned: Record<string, Tensor> } {
  const { kind, kernel, stride, dilation } = layer;
  const given = (name: string, layout: Layout) => input(name, layerInput(layer, name).shape, { layout });
  const [, , height = 1, width = 1] = outputShape(layer);
  const padding = kernel === 3 ? dilation : 0;
  const x = given("x", "activation");
  switch (kind) {
    case "convolution":
    case "depthwise": {
      const w = given("w", kind);
      return {
        y: (kind === "depthwise" ? depthwiseConv2d : conv2d)(x, w, { stride, dilation, padding }),
        learned: { x, w },
      };
    }
    case "batch norm": {
      const [gamma, beta] = [given("gamma", "channels"), given("beta", "channels")];
      const options = { epsilon, activation: "relu" } as const;
      const frozen = () => ({ gamma, beta, mean: given("mean", "channels"), variance: given("variance", "channels") });
      const y = training ? batchNormTraining(x, { gamma, beta }, options) : batchNorm(x, frozen(), options);
      return { y, learned: { x, gamma, beta } };
    }
    case "max pool":
      return { y: maxPool2d(x, { kernel, stride, padding }), learned: { x } };
    case "upsample":
      return { y: bilinearResize(x, { height, width }), learned: { x } };
    case "cross-entropy": {
      const labels = input("labels", [layer.batch, height, width], { dtype: "u8", layout: "plain" });
      return { y: interpolatedCrossEntropy(x, labels), learned: { x } };
    }
  }
}
