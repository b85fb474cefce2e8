/**
 * The operations of the network in TensorFlow.js, with gradients made by hand. TensorFlow.js refuses the gradients of
 * dilated convolutions, and its core package registers no gradients at all. dX of a convolution is the convolution of
 * dY with the flipped, transposed weights, by phase where the layer is strided. dW is one matrix product per kernel tap
 * over shifted slices.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { batch, classes, epsilon, height, outputStride, type ReferenceLayer, width } from "../reference_data.ts";
import { paddingOf } from "./network.ts";

/** A tensor of any rank; images lie as `[N, H, W, C]`, weights as `[R, S, I, O]`. */
export type Tensor = tf.Tensor;

/** dX of `y = conv(x, w)` with weights `[R, S, I, O]`. */
export function inputGradient(dy: tf.Tensor4D, w: tf.Tensor4D, layer: ReferenceLayer): Tensor {
  const { kernel, stride, dilation } = layer;
  const transposed = tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
  if (stride === 1) return tf.conv2d(dy, transposed, 1, paddingOf(layer), "NHWC", dilation);
  // With stride 2 and padding 1, even pixels are reached by the middle tap only, odd pixels by the two outer taps. With
  // 1×1 kernels, odd pixels are reached by none.
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
export function weightGradient(x: Tensor, dy: tf.Tensor4D, layer: ReferenceLayer): Tensor {
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

/** Convolution. For the first layer of a network it has dW alone, since its image needs no gradient. */
export function convolution(x: Tensor, w: Tensor, layer: ReferenceLayer, isFirst = false): Tensor {
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

/** Depthwise convolution with weights `[R, S, C, 1]`. */
export function depthwise(x: Tensor, w: Tensor, layer: ReferenceLayer): Tensor {
  return tf.depthwiseConv2d(
    x as tf.Tensor4D,
    w as tf.Tensor4D,
    layer.stride,
    paddingOf(layer),
    "NHWC",
    layer.dilation,
  );
}

/** dX of a depthwise convolution of stride 1: that of dY with the flipped weights. */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  w: tf.Tensor4D,
  layer: ReferenceLayer,
): Tensor {
  return depthwise(dy, tf.reverse(w, [0, 1]), layer);
}

/** dW of a depthwise convolution of stride 1: for each tap, the sum of a shifted slice times dY. */
export function depthwiseWeightGradient(
  x: Tensor,
  dy: tf.Tensor4D,
  layer: ReferenceLayer,
): Tensor {
  const { kernel, dilation, channels } = layer;
  const pad = paddingOf(layer);
  const padded = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]]);
  const taps = Array.from({ length: kernel * kernel }, (_, tap) => {
    const first = [
      0,
      Math.floor(tap / kernel) * dilation,
      (tap % kernel) * dilation,
      0,
    ];
    return tf.sum(tf.mul(tf.slice(padded, first, dy.shape), dy), [0, 1, 2]);
  });
  return tf.reshape(tf.stack(taps), [kernel, kernel, channels, 1]);
}

/** Max pooling, whose gradient is a kernel of TensorFlow.js. */
export function maxPool(
  x: tf.Tensor4D,
  kernel: number,
  stride: number,
  pad: number,
): Tensor {
  const attributes = {
    filterSize: kernel,
    strides: stride,
    pad,
    dimRoundingMode: "floor",
  } as const;
  return tf.customGrad((...args) => {
    const [x, save] = args as unknown as [
      tf.Tensor4D,
      (tensors: Tensor[]) => void,
    ];
    const value = tf.maxPool(x, kernel, stride, pad, "floor");
    save([x, value]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [input = dy, output = dy] = saved as Tensor[];
        return tf.engine().runKernel(
          tf.MaxPoolGrad,
          { dy, input, output },
          attributes,
        ) as Tensor;
      },
    };
  })(x);
}

/** Batch norm with the statistics of the batch. */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
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

/** ReLU. */
export function relu(x: Tensor): Tensor {
  return tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const value = tf.relu(x);
    save([value]);
    return { value, gradFunc: (dy, saved) => tf.mul(dy, tf.step((saved as Tensor[])[0] ?? dy)) };
  })(x);
}

/** a + b. */
export function sum(a: Tensor, b: Tensor): Tensor {
  return tf.customGrad((a, b) => ({ value: tf.add(a as Tensor, b as Tensor), gradFunc: (dy) => [dy, dy] }))(a, b);
}

/** x + bias. */
export function biased(x: Tensor, bias: Tensor): Tensor {
  return tf.customGrad((x, bias) => ({
    value: tf.add(x as Tensor, bias as Tensor),
    gradFunc: (dy) => [dy, tf.sum(dy, [0, 1, 2])],
  }))(x, bias);
}

/** Bilinear interpolation of logits to the size of the images. */
export function upsampled(logits: Tensor): Tensor {
  return tf.image.resizeBilinear(logits as tf.Tensor4D, [height, width], false, true);
}

/** The interpolation's gradient: two matrix products. */
export function upsampledGradient(dy: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const [h, v] = [height / outputStride, width / outputStride];
  const narrow = tf.matMul(columns, tf.reshape(dy, [batch * height, width, classes]), true, false);
  const small = tf.matMul(rows, tf.reshape(narrow, [batch, height, v * classes]), true, false);
  return tf.reshape(small, [batch, h, v, classes]);
}

/** Loss of logits that are interpolated. */
export function crossEntropy(logits: Tensor, shares: Tensor, rows: Tensor, columns: Tensor): Tensor {
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
        return upsampledGradient(large, rows, columns);
      },
    };
  })(logits);
}
