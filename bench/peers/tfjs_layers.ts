/**
 * Single layers in TensorFlow.js.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Direction, SingleLayer } from "../layer_data.ts";
import { epsilon } from "../reference_data.ts";
import { layerTensors, lossTensors, type MakeTensor, named, paddingOf, type TensorKind } from "./network.ts";
import type { PeerLayer } from "./serve.ts";
import * as ops from "./tfjs_ops.ts";
import type { Tensor } from "./tfjs_ops.ts";

/** Axes in the order of TensorFlow.js, counted in PyTorch's. */
const orders: Readonly<Record<TensorKind, number[]>> = {
  ...{ image: [0, 2, 3, 1], weight: [2, 3, 1, 0], "depthwise weight": [2, 3, 0, 1], vector: [0], matrix: [0, 1] },
};

/** A tensor in the order of TensorFlow.js. */
export const channelsLast: MakeTensor<Tensor> = (values, shape, kind) =>
  tf.tidy(() => tf.transpose(tf.tensor(values, shape), orders[kind]));

/** A layer in one direction. */
export function peerLayer(layer: SingleLayer, direction: Direction): PeerLayer {
  const compute = layerGraph(layer, direction);
  let results: Record<string, Tensor> = {};
  return {
    async run(launches) {
      for (let launch = 0; launch < launches; launch++) {
        tf.dispose(results);
        results = tf.tidy(compute);
      }
      // Reading one element of each of the last results waits for all that was queued before.
      const last = Object.values(results).map((result) => tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1)));
      await Promise.all(last.map((element) => element.data()));
      tf.dispose(last);
    },
    async results() {
      const found = Object.entries(results).map(async ([name, result]) => {
        const plain = tf.tidy(() => channelsFirst(layer, name, result));
        const values = await plain.data() as Float32Array;
        plain.dispose();
        return [name, values] as const;
      });
      return Object.fromEntries(await Promise.all(found));
    },
    dispose: () => tf.dispose(results),
  };
}

function channelsFirst(layer: SingleLayer, name: string, result: Tensor): Tensor {
  if (result.rank !== 4) return tf.clone(result);
  const order = orders[name !== "dw" ? "image" : layer.kind === "depthwise" ? "depthwise weight" : "weight"];
  return tf.transpose(result, order.map((_, axis) => order.indexOf(axis)));
}

/** A launch: what computes the results by name. */
function layerGraph(layer: SingleLayer, direction: Direction): () => Record<string, Tensor> {
  const isForward = direction === "forward";
  const given = (name: string) => named(layerTensors(layer, [name], channelsLast), name) as tf.Tensor4D;
  const { kind, kernel, stride } = layer;
  const x = given("x");
  if (kind === "convolution" || kind === "depthwise") return convolutionGraph(layer, direction, x, given("w"));
  if (kind === "batch norm") {
    const [gamma, beta] = [given("gamma"), given("beta")];
    if (isForward) {
      const [mean, variance] = [given("mean"), given("variance")];
      return () => ({ y: tf.relu(tf.batchNorm(x, mean, variance, beta, gamma, epsilon)) });
    }
    const f = (x: Tensor, gamma: Tensor, beta: Tensor) => ops.relu(ops.batchNorm(x, gamma, beta));
    return withGradients(() => f(x, gamma, beta), { x, gamma, beta }, given("dy"));
  }
  if (kind === "max pool") {
    const pool = () => ops.maxPool(x, kernel, stride, paddingOf(layer));
    return isForward ? () => ({ y: pool() }) : withGradients(pool, { x }, given("dy"));
  }
  const { shares, rows, columns } = lossTensors(channelsLast);
  if (kind === "cross-entropy") {
    const loss = () => ops.crossEntropy(x, shares, rows, columns);
    return isForward ? () => ({ y: loss() }) : withGradients(loss, { x });
  }
  if (isForward) return () => ({ y: ops.upsampled(x) });
  const dy = given("dy");
  return () => ({ y: ops.upsampled(x), dx: ops.upsampledGradient(dy, rows, columns) });
}

function convolutionGraph(
  layer: SingleLayer,
  direction: Direction,
  x: tf.Tensor4D,
  w: tf.Tensor4D,
): () => Record<string, Tensor> {
  const dy = named(layerTensors(layer, ["dy"], channelsLast), "dy") as tf.Tensor4D;
  const [convolution, inputGradient, weightGradient] = layer.kind === "depthwise"
    ? [ops.depthwise, ops.depthwiseInputGradient, ops.depthwiseWeightGradient]
    : [ops.convolution, ops.inputGradient, ops.weightGradient];
  const y = () => convolution(x, w, layer);
  const dx = () => inputGradient(dy, w, layer);
  const dw = () => weightGradient(x, dy, layer);
  switch (direction) {
    case "forward":
      return () => ({ y: y() });
    case "dx":
      return () => ({ dx: dx() });
    case "dw":
      return () => ({ dw: dw() });
    case "forward+backward":
      return () => ({ y: y(), dx: dx(), dw: dw() });
  }
}

/** The result and its gradients at the inputs. */
function withGradients(f: () => Tensor, inputs: Readonly<Record<string, Tensor>>, dy?: Tensor) {
  return (): Record<string, Tensor> => {
    const { value, grads } = tf.engine().gradients(f, Object.values(inputs), dy);
    const named = grads.map((gradient, index) => [`d${Object.keys(inputs)[index]}`, gradient]);
    return { y: value, ...Object.fromEntries(named) };
  };
}
