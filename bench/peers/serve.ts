/**
 * What every peer has in common: it runs as a program of its own and answers the lines `step` and `forward` of its standard
 * input with one line of JSON each, so that an idle peer takes no time from the others (`bench/peer.ts` asks).
 *
 * @module
 */

import {
  blocks,
  classes,
  epsilon,
  headRates,
  height,
  ignoreLabel,
  labels,
  layers,
  outputStride,
  parameters,
  type ReferenceLayer,
  runningStatistics,
  width,
} from "../reference_data.ts";

/** The reference workload in another engine. */
export interface PeerEngine {
  /** One training step; the loss before its update. Absent where the engine does not train. */
  readonly step?: () => Promise<number>;
  /** One inference; the interpolated logits in the engine's own order. */
  readonly forward: () => Promise<Float32Array>;
  /** Index in what `forward` gives of an element of `[N, C, H, W]`. */
  readonly place: (image: number, channel: number, row: number, column: number) => number;
  /** Bytes that the engine has allocated on the GPU at most, where it knows. */
  readonly peakBytes?: () => number;
}

/** Answers questions until the input ends. Whatever is thrown, while opening too, is answered as an error. */
export async function serve(open: () => Promise<PeerEngine>, sampleIndex: readonly number[]): Promise<void> {
  const engine = await answer(async () => ({ engine: await open() }));
  if (engine === undefined) return;
  console.log(JSON.stringify({ ready: true }));
  let waiting = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop() ?? "";
    for (const line of lines) {
      const result = await answer(() => respond(engine.engine, line, sampleIndex));
      if (result !== undefined) console.log(JSON.stringify(result));
    }
  }
}

async function answer<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  }
}

async function respond(engine: PeerEngine, question: string, sampleIndex: readonly number[]) {
  const start = performance.now();
  if (question === "step") {
    if (engine.step === undefined) throw new Error("this engine does not train");
    const loss = await engine.step();
    return { milliseconds: performance.now() - start, loss, peakBytes: engine.peakBytes?.() ?? null };
  }
  const logits = await engine.forward();
  const milliseconds = performance.now() - start;
  const values = sampleIndex.map((index) => {
    const column = index % width;
    const row = Math.floor(index / width) % height;
    const channel = Math.floor(index / (width * height)) % classes;
    const image = Math.floor(index / (width * height * classes));
    return logits[engine.place(image, channel, row, column)] ?? NaN;
  });
  return { milliseconds, values, peakBytes: engine.peakBytes?.() ?? null };
}

/** A convolution with the batch norm folded in. */
export interface FoldedLayer extends ReferenceLayer {
  /** `[O, I, R, S]`. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Every layer for inference by name, the head's convolutions as `head.rate…` among them. */
export function foldedLayers(): Map<string, FoldedLayer> {
  const values = new Map([...parameters(), ...runningStatistics()].map((tensor) => [tensor.name, tensor.values]));
  const of = (name: string) => values.get(name) ?? new Float32Array();
  const folded = layers.map((layer): FoldedLayer => {
    const { name, channels } = layer;
    const running = of(`${name}.bn.running`);
    const scale = of(`${name}.bn.gamma`).map((gamma, index) =>
      gamma / Math.sqrt((running[channels + index] ?? NaN) + epsilon)
    );
    const weight = of(`${name}.weight`);
    const perChannel = weight.length / channels;
    return {
      ...layer,
      weight: weight.map((value, index) => value * (scale[Math.floor(index / perChannel)] ?? NaN)),
      bias: of(`${name}.bn.beta`).map((beta, index) => beta - (running[index] ?? NaN) * (scale[index] ?? NaN)),
    };
  });
  const heads = headRates.map((rate): FoldedLayer => ({
    ...{ name: `head.rate${rate}`, inputs: 256, channels: classes, kernel: 3, stride: 1, dilation: rate },
    weight: of(`head.rate${rate}.weight`),
    bias: of(`head.rate${rate}.bias`),
  }));
  return new Map([...folded, ...heads].map((layer) => [layer.name, layer]));
}

/** What a network is made of, for an engine whose tensors are `T`. */
export interface Operations<T> {
  /** Convolution and batch norm, then ReLU if asked. */
  readonly layer: (x: T, layer: ReferenceLayer, rectified: boolean) => T;
  /** One convolution of the head, with bias. */
  readonly head: (x: T, layer: ReferenceLayer) => T;
  readonly add: (a: T, b: T) => T;
  readonly relu: (x: T) => T;
}

/** The reference network: images → logits. `keep` is called for a tensor that is used twice, and gives the second use. */
export function referenceNetwork<T>(images: T, operations: Operations<T>, keep: (x: T) => T = (x) => x): T {
  const [stem1, stem2] = layers;
  if (stem1 === undefined || stem2 === undefined) throw new Error("The reference network has no stem");
  let x = operations.layer(operations.layer(images, stem1, true), stem2, true);
  for (const { first, second, projection } of blocks) {
    const shortcut = keep(x);
    const y = operations.layer(operations.layer(x, first, true), second, false);
    const other = projection === undefined ? shortcut : operations.layer(shortcut, projection, false);
    x = operations.relu(operations.add(y, other));
  }
  return headRates
    .map((rate, index) =>
      operations.head(index < headRates.length - 1 ? keep(x) : x, {
        ...{ name: `head.rate${rate}`, inputs: 256, channels: classes, kernel: 3, stride: 1, dilation: rate },
      })
    )
    .reduce((sum, branch) => operations.add(sum, branch));
}

/** Padding of a layer on each side. */
export function paddingOf({ kernel, dilation }: ReferenceLayer): number {
  return kernel === 3 ? dilation : 0;
}

/** The matrix `[outputs, inputs]` of bilinear interpolation with half-pixel centres along one axis, row by row. */
export function interpolationMatrix(inputs: number): Float32Array<ArrayBuffer> {
  const outputs = inputs * outputStride;
  const matrix = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const position = Math.max(0, (output + 0.5) / outputStride - 0.5);
    const low = Math.min(inputs - 1, Math.floor(position));
    const high = Math.min(inputs - 1, low + 1);
    const share = position - low;
    matrix[output * inputs + low] = (matrix[output * inputs + low] ?? 0) + 1 - share;
    matrix[output * inputs + high] = (matrix[output * inputs + high] ?? 0) + share;
  }
  return matrix;
}

/** One-hot labels divided by the number of pixels with a label, so that −Σ labels · log p is the loss. */
export function labelShares(order: "channels-first" | "channels-last"): Float32Array<ArrayBuffer> {
  const ids = labels();
  const share = 1 / ids.reduce((count, id) => id === ignoreLabel ? count : count + 1, 0);
  const shares = new Float32Array(ids.length * classes);
  const plane = height * width;
  for (const [pixel, id] of ids.entries()) {
    if (id === ignoreLabel) continue;
    const first = Math.floor(pixel / plane) * classes * plane + (pixel % plane);
    shares[order === "channels-last" ? pixel * classes + id : first + id * plane] = share;
  }
  return shares;
}
