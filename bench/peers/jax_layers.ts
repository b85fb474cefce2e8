/**
 * The operations of the network in jax-js, and its single layers. Each direction of a layer is one compiled function.
 *
 * @module
 */

import { blockUntilReady, jit, lax, nn, numpy as np, vjp } from "@jax-js/jax";
import type { Direction, SingleLayer } from "../layer_data.ts";
import { epsilon, type ReferenceLayer } from "../reference_data.ts";
import { layerTensors, lossTensors, type MakeTensor, named, paddingOf } from "./network.ts";
import type { PeerLayer } from "./serve.ts";

/** An array of values in PyTorch's order, which is that of jax-js. */
export const array: MakeTensor<np.Array> = (values, shape) => np.array(values, { shape });

/** Convolution. With `groups` equal to the channels it is a depthwise one. */
export function convolution(x: np.Array, w: np.Array, layer: ReferenceLayer, groups = 1): np.Array {
  const { stride, dilation } = layer;
  const pad: [number, number] = [paddingOf(layer), paddingOf(layer)];
  return lax.convGeneralDilated(x, w, [stride, stride], [pad, pad], {
    rhsDilation: [dilation, dilation],
    featureGroupCount: groups,
  });
}

/** `[C]` as `[1, C, 1, 1]`. */
export function vector(values: np.Array): np.Array {
  return values.reshape([1, -1, 1, 1]);
}

/** Batch norm with the statistics of the batch. */
export function batchNorm(x: np.Array, gamma: np.Array, beta: np.Array): np.Array {
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
  const centred = x.sub(mean);
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
  const scale = vector(gamma).div(np.sqrt(variance.add(epsilon)));
  return centred.mul(scale).add(vector(beta));
}

/** Bilinear interpolation along both axes as products with matrices. */
export function upsampled(
  logits: np.Array,
  rows: np.Array,
  columns: np.Array,
): np.Array {
  return np.einsum("nchw,ih,jw->ncij", logits, rows, columns);
}

/** Loss of logits that are interpolated. */
export function crossEntropy(
  logits: np.Array,
  shares: np.Array,
  rows: np.Array,
  columns: np.Array,
): np.Array {
  return np.sum(nn.logSoftmax(upsampled(logits, rows, columns), 1).mul(shares))
    .neg();
}

/** As many arrays as a layer takes, at most. */
type Arrays = [np.Array, np.Array, np.Array, np.Array, np.Array];

/** A layer as a function of arrays, the first of which have gradients. */
interface LayerFunction {
  /** Names of the inputs with gradients. */
  readonly inputs: readonly string[];
  /** What else it takes. */
  readonly constants: readonly np.Array[];
  /** The rule, of all of them in order. */
  readonly apply: (...given: Arrays) => np.Array;
}

function layerFunction(layer: SingleLayer, direction: Direction): LayerFunction {
  const rule = (inputs: string[], constants: np.Array[], apply: LayerFunction["apply"]) => ({
    inputs,
    constants,
    apply,
  });
  const { kind, channels, kernel, stride } = layer;
  if (kind === "convolution" || kind === "depthwise") {
    const groups = kind === "depthwise" ? channels : 1;
    return rule(["x", "w"], [], (x, w) => convolution(x, w, layer, groups));
  }
  if (kind === "batch norm") {
    const inputs = ["x", "gamma", "beta"];
    if (direction !== "forward") return rule(inputs, [], (x, gamma, beta) => nn.relu(batchNorm(x, gamma, beta)));
    const frozen = [...layerTensors(layer, ["mean", "variance"], array).values()];
    return rule(inputs, frozen, (...given) => nn.relu(frozenBatchNorm(...given)));
  }
  if (kind === "max pool") {
    const sides: [number, number] = [paddingOf(layer), paddingOf(layer)];
    return rule(["x"], [], (x) => {
      const padded = np.pad(x, [[0, 0], [0, 0], sides, sides]);
      return lax.reduceWindow(padded, (window) => np.max(window), [kernel, kernel], [stride, stride]);
    });
  }
  const { shares, rows, columns } = lossTensors(array);
  return kind === "upsample"
    ? rule(["x"], [rows, columns], upsampled)
    : rule(["x"], [shares, rows, columns], crossEntropy);
}

function frozenBatchNorm(...[x, gamma, beta, mean, variance]: Arrays): np.Array {
  const scale = vector(gamma).div(np.sqrt(vector(variance).add(epsilon)));
  return x.sub(vector(mean)).mul(scale).add(vector(beta));
}

/** A layer in one direction. */
export function peerLayer(layer: SingleLayer, direction: Direction): PeerLayer {
  const rule = layerFunction(layer, direction);
  const given = [...layerTensors(layer, rule.inputs, array).values(), ...rule.constants];
  if (direction !== "forward") {
    given.push(layer.kind === "cross-entropy" ? np.array(1) : named(layerTensors(layer, ["dy"], array), "dy"));
  }
  const compiled = jit((...given: np.Array[]) => resultsOf(rule, direction, given));
  let results: Record<string, np.Array> = {};
  const free = () => Object.values(results).forEach((result) => result.dispose());
  return {
    async run(launches) {
      const started = Array.from({ length: launches }, () => compiled(...given.map((value) => value.ref)));
      await blockUntilReady(started);
      free();
      results = started.pop() ?? {};
      for (const other of started.flatMap((others) => Object.values(others))) other.dispose();
    },
    async results() {
      const found = Object.entries(results).map(async ([name, result]) => {
        return [name, await result.ref.data() as Float32Array] as const;
      });
      return Object.fromEntries(await Promise.all(found));
    },
    dispose() {
      free();
      given.forEach((value) => value.dispose());
      compiled.dispose();
    },
  };
}

/** The results by name. For a gradient, the last of `given` is the gradient at the layer's result. */
function resultsOf(
  { inputs, apply }: LayerFunction,
  direction: Direction,
  given: np.Array[],
): Record<string, np.Array> {
  if (direction === "forward") return { y: apply(...given as Arrays) };
  const dy = given.pop();
  const wanted = direction === "forward+backward" ? inputs : [direction.slice(1)];
  const moving = wanted.map((name) => given[inputs.indexOf(name)]?.ref ?? np.array(NaN));
  const [y, pull] = vjp(
    (...moved: np.Array[]) =>
      apply(...given.map((value, index) => moved[wanted.indexOf(inputs[index] ?? "")] ?? value.ref) as Arrays),
    moving,
  );
  const pulled = pull(dy ?? np.array(1)) as np.Array[];
  const gradients = Object.fromEntries(pulled.map((gradient, index) => [`d${wanted[index]}`, gradient]));
  return direction === "forward+backward" ? { y, ...gradients } : gradients;
}
