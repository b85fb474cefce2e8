/**
 * The reference workload in jax-js 0.1.25 on WebGPU: step and inference each one compiled function, gradients by its own
 * differentiation. jax-js arrays are used up by what takes them; `.ref` stands where one is used again.
 *
 * @module
 */

import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
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

type Values = Record<string, np.Array>;

function convolution(x: np.Array, w: np.Array, layer: ReferenceLayer): np.Array {
  const { stride, dilation } = layer;
  const pad: [number, number] = [paddingOf(layer), paddingOf(layer)];
  return lax.convGeneralDilated(x, w, [stride, stride], [pad, pad], { rhsDilation: [dilation, dilation] });
}

function vector(values: np.Array): np.Array {
  return values.reshape([1, -1, 1, 1]);
}

function batchNorm(x: np.Array, gamma: np.Array, beta: np.Array): np.Array {
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
  const centred = x.sub(mean);
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
  const scale = vector(gamma).div(np.sqrt(variance.add(epsilon)));
  return centred.mul(scale).add(vector(beta));
}

function taken(values: Values, name: string): np.Array {
  const value = values[name];
  if (value === undefined) throw new Error(`The reference workload has no "${name}"`);
  return value;
}

async function open(): Promise<PeerEngine> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("jax-js finds no WebGPU adapter");
  defaultDevice("webgpu");
  const x = np.array(images(), { shape: [batch, 3, height, width] });
  const shares = np.array(labelShares("channels-first"), { shape: [batch, classes, height, width] });
  const matrix = (inputs: number) => np.array(interpolationMatrix(inputs), { shape: [inputs * outputStride, inputs] });
  const [rows, columns] = [matrix(height / outputStride), matrix(width / outputStride)];
  let weights: Values = {};
  let speeds: Values = {};
  for (const { name, shape, values } of parameters()) {
    weights[name] = np.array(values, { shape: [...shape] });
    speeds[name] = np.zeros([...shape]);
  }
  const folded: Values = {};
  for (const [name, { weight, bias, channels, inputs, kernel }] of foldedLayers()) {
    folded[`${name}.weight`] = np.array(weight as Float32Array<ArrayBuffer>, {
      shape: [channels, inputs, kernel, kernel],
    });
    folded[`${name}.bias`] = np.array(bias as Float32Array<ArrayBuffer>, { shape: [channels] });
  }
  const upsampled = (logits: np.Array, rows: np.Array, columns: np.Array) =>
    np.einsum("nchw,ih,jw->ncij", logits, rows, columns);
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
    return np.sum(nn.logSoftmax(upsampled(logits, rows, columns), 1).mul(shares)).neg();
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

await serve(open, reference.forward.index);
