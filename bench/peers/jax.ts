/**
 * The reference workload and single layers in jax-js 0.1.25 on WebGPU. Step and inference are one compiled function
 * each, and the gradients are those of jax-js. An operation uses up the arrays that it takes; `.ref` stands where an
 * array is needed again.
 *
 * @module
 */

import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { classes, height, learningRate, momentum, type ReferenceLayer, width } from "../reference_data.ts";
import { array, batchNorm, convolution, crossEntropy, peerLayer, upsampled, vector } from "./jax_layers.ts";
import { named, referenceNetwork, workloadTensors } from "./network.ts";
import { type PeerEngine, type PeerWorkload, serve } from "./serve.ts";

type Values = Record<string, np.Array>;

function taken(values: Values, name: string): np.Array {
  return named(new Map(Object.entries(values)), name);
}

async function open(): Promise<PeerEngine> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("jax-js finds no WebGPU adapter");
  defaultDevice("webgpu");
  return { workload: () => Promise.resolve(workload()), layer: (...asked) => Promise.resolve(peerLayer(...asked)) };
}

function workload(): PeerWorkload {
  const { x, shares, rows, columns, ...tensors } = workloadTensors(array);
  let weights: Values = Object.fromEntries(tensors.weights);
  let speeds: Values = Object.fromEntries([...tensors.weights].map(([name, { shape }]) => [name, np.zeros(shape)]));
  const folded: Values = Object.fromEntries(tensors.folded);
  const shared = { add: (a: np.Array, b: np.Array) => a.add(b), relu: (x: np.Array) => nn.relu(x) };
  const withBias = (x: np.Array, layer: ReferenceLayer, values: Values) =>
    convolution(x, taken(values, `${layer.name}.weight`), layer).add(vector(taken(values, `${layer.name}.bias`)));

  const loss = (weights: Values, x: np.Array, shares: np.Array, rows: np.Array, columns: np.Array) => {
    const logits = referenceNetwork<np.Array>(x, {
      ...shared,
      layer(x, layer, rectified) {
        const y = convolution(x, taken(weights, `${layer.name}.weight`), layer);
        const z = batchNorm(y, taken(weights, `${layer.name}.bn.gamma`), taken(weights, `${layer.name}.bn.beta`));
        return rectified ? nn.relu(z) : z;
      },
      head: (x, layer) => withBias(x, layer, weights),
    }, (x) => x.ref);
    return crossEntropy(logits, shares, rows, columns);
  };
  const step = jit((weights: Values, speeds: Values, ...rest: np.Array[]) => {
    const references = Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight.ref]));
    const [value, gradient] = valueAndGrad(loss as (weights: Values, ...rest: np.Array[]) => np.Array)(
      references,
      ...rest,
    ) as unknown as [np.Array, Values];
    const newSpeeds: Values = {};
    const newWeights: Values = {};
    for (const name of Object.keys(weights)) {
      const speed = taken(speeds, name).mul(momentum).add(taken(gradient, name));
      newSpeeds[name] = speed.ref;
      newWeights[name] = taken(weights, name).sub(speed.mul(learningRate));
    }
    return { value, newWeights, newSpeeds };
  });
  const forward = jit((folded: Values, x: np.Array, rows: np.Array, columns: np.Array) =>
    upsampled(
      referenceNetwork<np.Array>(x, {
        ...shared,
        layer: (x, layer, rectified) => rectified ? nn.relu(withBias(x, layer, folded)) : withBias(x, layer, folded),
        head: (x, layer) => withBias(x, layer, folded),
      }, (x) => x.ref),
      rows,
      columns,
    )
  );
  return {
    async step() {
      const result = step(weights, speeds, x.ref, shares.ref, rows.ref, columns.ref);
      weights = result.newWeights;
      speeds = result.newSpeeds;
      await blockUntilReady(weights);
      const [number = NaN] = await result.value.data();
      return number;
    },
    async forward() {
      const references = Object.fromEntries(Object.entries(folded).map(([name, value]) => [name, value.ref]));
      return await forward(references, x.ref, rows.ref, columns.ref).data() as Float32Array;
    },
    place: (image, channel, row, column) => ((image * classes + channel) * height + row) * width + column,
  };
}

await serve(open);
