/**
 * The reference workload and single layers in TensorFlow.js 4.22 on WebGPU.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
import { classes, height, learningRate, momentum, type ReferenceLayer, width } from "../reference_data.ts";
import { named, paddingOf, referenceNetwork, workloadTensors } from "./network.ts";
import { type PeerEngine, type PeerWorkload, serve } from "./serve.ts";
import { channelsLast, peerLayer } from "./tfjs_layers.ts";
import { batchNorm, biased, convolution, crossEntropy, relu, sum, type Tensor, upsampled } from "./tfjs_ops.ts";

async function open(): Promise<PeerEngine> {
  if (!await tf.setBackend("webgpu")) throw new Error("the WebGPU backend of TensorFlow.js does not start");
  await tf.ready();
  return { workload: () => Promise.resolve(workload()), layer: (...asked) => Promise.resolve(peerLayer(...asked)) };
}

function workload(): PeerWorkload {
  const { x, shares, rows, columns, weights: initial, folded } = workloadTensors(channelsLast);
  const names = [...initial.keys()];
  let weights = [...initial.values()];
  let speeds = weights.map((weight): Tensor => tf.zerosLike(weight));
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
      // The last weight is read too, since the step is done only when its update is.
      await weights.at(-1)?.data();
      const [number = NaN] = await value?.data() ?? [];
      value?.dispose();
      return number;
    },
    async forward() {
      const logits = tf.tidy(() => {
        const fused = (x: Tensor, layer: ReferenceLayer, activation: "relu" | "linear") =>
          tf.fused.conv2d({
            ...{ x: x as tf.Tensor4D, filter: named(folded, `${layer.name}.weight`) as tf.Tensor4D, activation },
            ...{ bias: named(folded, `${layer.name}.bias`), strides: layer.stride, dilations: layer.dilation },
            pad: paddingOf(layer),
          });
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
    // Buffers are pooled and never freed. So what is allocated now is the most that ever was.
    peakBytes: () => (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU,
  };
}

await serve(open);
