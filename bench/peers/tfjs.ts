/**
 * The reference workload in TensorFlow.js 4.22 on WebGPU, with convolution gradients made by hand, since TensorFlow.js
 * refuses those of dilated convolutions: dX is the convolution of dY with the flipped, transposed weights, by phase where
 * the layer is strided; dW is one matrix product per kernel tap over shifted slices.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
import reference from "../reference.json" with { type: "json" };
import {
  batch,
  classes,
  epsilon,
  height,
  images,
  learningRate,
  momentum,
  outputStride,
  parameters,
  type ReferenceLayer,
  width,
} from "../reference_data.ts";
import {
  foldedLayers,
  interpolationMatrix,
  labelShares,
  paddingOf,
  type PeerEngine,
  referenceNetwork,
  serve,
} from "./serve.ts";

type Tensor = tf.Tensor;

/** dX of `y = conv(x, w)` with weights `[R, S, I, O]`. */
function inputGradient(dy: tf.Tensor4D, w: tf.Tensor4D, layer: ReferenceLayer): Tensor {
  const { kernel, stride, dilation } = layer;
  const transposed = tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
  if (stride === 1) return tf.conv2d(dy, transposed, 1, paddingOf(layer), "NHWC", dilation);
  // Of stride 2 and padding 1, even pixels see the middle tap only, odd ones the two outer taps; of 1×1, odd ones none.
  const padded = tf.pad(dy, [[0, 0], [0, 1], [0, 1], [0, 0]]) as tf.Tensor4D;
  const phase = (row: number, column: number): Tensor => {
    if (kernel === 1) {
      const plain = tf.conv2d(dy, transposed, 1, "valid");
      return row + column === 0 ? plain : tf.zerosLike(plain);
    }
    const taps = tf.stridedSlice(
      transposed,
      [row === 0 ? 1 : 0, column === 0 ? 1 : 0, 0, 0],
      [row === 0 ? 2 : 3, column === 0 ? 2 : 3, layer.channels, layer.inputs],
      [2, 2, 1, 1],
    ) as tf.Tensor4D;
    const [n = 1, h = 1, v = 1, c = 1] = dy.shape;
    return tf.conv2d(tf.slice(padded, [0, 0, 0, 0], [n, h + row, v + column, c]), taps, 1, "valid");
  };
  const rows = [0, 1].map((row) => interleaved([phase(row, 0), phase(row, 1)], 2));
  return interleaved(rows, 1);
}

/** Two images whose pixels alternate along an axis. */
function interleaved(parts: Tensor[], axis: number): Tensor {
  const shape = [...parts[0]?.shape ?? []];
  shape[axis] = 2 * (shape[axis] ?? 0);
  return tf.reshape(tf.stack(parts, axis + 1), shape);
}

/** dW `[R, S, I, O]`. */
function weightGradient(x: Tensor, dy: tf.Tensor4D, layer: ReferenceLayer): Tensor {
  const { kernel, stride, dilation, inputs, channels } = layer;
  const [n, h, v] = dy.shape;
  const pad = paddingOf(layer);
  const padded = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]]);
  const columns = tf.reshape(dy, [n * h * v, channels]);
  const taps = Array.from({ length: kernel * kernel }, (_, tap) => {
    const row = Math.floor(tap / kernel) * dilation;
    const column = (tap % kernel) * dilation;
    const shifted = stride === 1 ? tf.slice(padded, [0, row, column, 0], [n, h, v, inputs]) : tf.stridedSlice(
      padded,
      [0, row, column, 0],
      [n, row + (h - 1) * stride + 1, column + (v - 1) * stride + 1, inputs],
      [1, stride, stride, 1],
    );
    return tf.matMul(tf.reshape(shifted, [n * h * v, inputs]), columns, true, false);
  });
  return tf.reshape(tf.stack(taps), [kernel, kernel, inputs, channels]);
}

function convolution(x: Tensor, w: Tensor, layer: ReferenceLayer, isFirst: boolean): Tensor {
  const product = (x: Tensor, w: Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, layer.stride, paddingOf(layer), "NHWC", layer.dilation);
  if (isFirst) {
    return tf.customGrad((w) => ({
      value: product(x, w as Tensor),
      gradFunc: (dy) => weightGradient(x, dy as tf.Tensor4D, layer),
    }))(w);
  }
  return tf.customGrad((...args) => {
    const [x, w, save] = args as unknown as [Tensor, Tensor, (tensors: Tensor[]) => void];
    save([x, w]);
    return {
      value: product(x, w),
      gradFunc: (dy, saved) => {
        const [x, w] = saved as [Tensor, tf.Tensor4D];
        return [inputGradient(dy as tf.Tensor4D, w, layer), weightGradient(x, dy as tf.Tensor4D, layer)];
      },
    };
  })(x, w);
}

function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  return tf.customGrad((...args) => {
    const [x, gamma, beta, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const scale = tf.rsqrt(tf.add(variance, epsilon));
    const normal = tf.mul(tf.sub(x, mean), scale);
    save([normal, scale, gamma]);
    return {
      value: tf.add(tf.mul(normal, gamma), beta),
      gradFunc: (dy, saved) => {
        const [normal, scale, gamma] = saved as [Tensor, Tensor, Tensor];
        const pixels = normal.size / gamma.size;
        const dbeta = tf.sum(dy, [0, 1, 2]);
        const dgamma = tf.sum(tf.mul(dy, normal), [0, 1, 2]);
        const centred = tf.sub(tf.sub(dy, tf.div(dbeta, pixels)), tf.mul(normal, tf.div(dgamma, pixels)));
        return [tf.mul(centred, tf.mul(scale, gamma)), dgamma, dbeta];
      },
    };
  })(x, gamma, beta);
}

function relu(x: Tensor): Tensor {
  return tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const value = tf.relu(x);
    save([value]);
    return { value, gradFunc: (dy, saved) => tf.mul(dy, tf.step((saved as Tensor[])[0] ?? dy)) };
  })(x);
}

function sum(a: Tensor, b: Tensor): Tensor {
  return tf.customGrad((a, b) => ({ value: tf.add(a as Tensor, b as Tensor), gradFunc: (dy) => [dy, dy] }))(a, b);
}

function biased(x: Tensor, bias: Tensor): Tensor {
  return tf.customGrad((x, bias) => ({
    value: tf.add(x as Tensor, bias as Tensor),
    gradFunc: (dy) => [dy, tf.sum(dy, [0, 1, 2])],
  }))(x, bias);
}

function upsampled(logits: Tensor): Tensor {
  return tf.image.resizeBilinear(logits as tf.Tensor4D, [height, width], false, true);
}

/** Loss of logits that are interpolated; the interpolation's gradient is two matrix products. */
function crossEntropy(logits: Tensor, shares: Tensor, rows: Tensor, columns: Tensor): Tensor {
  return tf.customGrad((...args) => {
    const [logits, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const logProbabilities = tf.logSoftmax(upsampled(logits));
    save([logProbabilities]);
    return {
      value: tf.neg(tf.sum(tf.mul(logProbabilities, shares))),
      gradFunc: (dy, saved) => {
        const [logProbabilities = dy] = saved as Tensor[];
        const counted = tf.sum(shares, -1, true);
        const large = tf.mul(tf.sub(tf.mul(tf.exp(logProbabilities), counted), shares), dy);
        const [h, v] = [height / outputStride, width / outputStride];
        const narrow = tf.matMul(columns, tf.reshape(large, [batch * height, width, classes]), true, false);
        const small = tf.matMul(rows, tf.reshape(narrow, [batch, height, v * classes]), true, false);
        return tf.reshape(small, [batch, h, v, classes]);
      },
    };
  })(logits);
}

async function open(): Promise<PeerEngine> {
  if (!await tf.setBackend("webgpu")) throw new Error("the WebGPU backend of TensorFlow.js does not start");
  await tf.ready();
  const channelsLast = (values: Float32Array, shape: readonly number[], order: number[]) =>
    tf.tidy(() => tf.transpose(tf.tensor(values, [...shape]), order));
  const x = channelsLast(images(), [batch, 3, height, width], [0, 2, 3, 1]);
  const names: string[] = [];
  let weights: Tensor[] = [];
  let speeds: Tensor[] = [];
  for (const { name, shape, values } of parameters()) {
    names.push(name);
    weights.push(shape.length === 4 ? channelsLast(values, shape, [2, 3, 1, 0]) : tf.tensor(values, [...shape]));
    speeds.push(tf.zerosLike(weights.at(-1) ?? x));
  }
  const folded = new Map([...foldedLayers()].map(([name, layer]) => {
    const shape = [layer.channels, layer.inputs, layer.kernel, layer.kernel];
    return [name, { filter: channelsLast(layer.weight, shape, [2, 3, 1, 0]), bias: tf.tensor(layer.bias) }];
  }));
  const shares = tf.tensor(labelShares("channels-last"), [batch, height, width, classes]);
  const matrix = (inputs: number) => tf.tensor(interpolationMatrix(inputs), [1, inputs * outputStride, inputs]);
  const [rows, columns] = [matrix(height / outputStride), matrix(width / outputStride)];
  const loss = (...weights: Tensor[]) => {
    const of = (name: string) => weights[names.indexOf(name)] ?? x;
    const logits = referenceNetwork<Tensor>(x, {
      layer(x, layer, rectified) {
        const y = convolution(x, of(`${layer.name}.weight`), layer, layer.name === "stem1");
        const z = batchNorm(y, of(`${layer.name}.bn.gamma`), of(`${layer.name}.bn.beta`));
        return rectified ? relu(z) : z;
      },
      head: (x, layer) => biased(convolution(x, of(`${layer.name}.weight`), layer, false), of(`${layer.name}.bias`)),
      add: sum,
      relu,
    });
    return crossEntropy(logits, shares, rows, columns);
  };
  return {
    async step() {
      const results = tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads(loss as (...args: Tensor[]) => tf.Scalar)(weights);
        const newSpeeds = grads.map((gradient, index) => tf.add(tf.mul(speeds[index] ?? gradient, momentum), gradient));
        const newWeights = weights.map((weight, index) =>
          tf.sub(weight, tf.mul(newSpeeds[index] ?? weight, learningRate))
        );
        return [value, ...newSpeeds, ...newWeights];
      });
      tf.dispose([...weights, ...speeds]);
      const [value, ...rest] = results;
      speeds = rest.slice(0, names.length);
      weights = rest.slice(names.length);
      // The last weight too: the step is done when its update is.
      await weights.at(-1)?.data();
      const [number = NaN] = await value?.data() ?? [];
      value?.dispose();
      return number;
    },
    async forward() {
      const logits = tf.tidy(() => {
        const fused = (x: Tensor, layer: ReferenceLayer, activation: "relu" | "linear") => {
          const { filter, bias } = folded.get(layer.name) ?? { filter: x, bias: x };
          return tf.fused.conv2d({
            ...{ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias, activation, strides: layer.stride },
            ...{ pad: paddingOf(layer), dilations: layer.dilation },
          });
        };
        return upsampled(referenceNetwork<Tensor>(x, {
          layer: (x, layer, rectified) => fused(x, layer, rectified ? "relu" : "linear"),
          head: (x, layer) => fused(x, layer, "linear"),
          add: (a, b) => tf.add(a, b),
          relu: (x) => tf.relu(x),
        }));
      });
      const values = await logits.data();
      logits.dispose();
      return values as Float32Array;
    },
    place: (image, channel, row, column) => ((image * height + row) * width + column) * classes + channel,
    // Buffers are pooled and never freed, so what is allocated now is the most that ever was.
    peakBytes: () => (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU,
  };
}

await serve(open, reference.forward.index);
