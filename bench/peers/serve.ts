/**
 * What all peers share. A peer runs as a program of its own and answers each line of its standard input with one line
 * of JSON. So an idle peer takes no time from the others. `bench/peer.ts` asks these questions:
 *
 * | line | answer |
 * | --- | --- |
 * | `step` | one training step of the reference workload |
 * | `forward` | one inference of it |
 * | `layer DIRECTION LAUNCHES NAME` | so many launches of a layer of `bench/layers.json` |
 *
 * `pytorch.py` speaks the same.
 *
 * @module
 */

import { type Direction, layerNamed, samplePositions, type SingleLayer } from "../layer_data.ts";
import reference from "../reference.json" with { type: "json" };
import { classes, height, width } from "../reference_data.ts";

/** Another engine. */
export interface PeerEngine {
  /** Builds the reference workload. */
  readonly workload: () => Promise<PeerWorkload>;
  /** Builds a layer; throws where the engine cannot compute it. */
  readonly layer: (
    layer: SingleLayer,
    direction: Direction,
  ) => Promise<PeerLayer>;
}

/** The reference workload in another engine. */
export interface PeerWorkload {
  /** Runs one training step and returns the loss before its update. Absent where the engine does not train. */
  readonly step?: () => Promise<number>;
  /** Runs one inference and returns the interpolated logits in the engine's own order. */
  readonly forward: () => Promise<Float32Array>;
  /** The index in the result of `forward` of an element of `[N, C, H, W]`. */
  readonly place: (
    image: number,
    channel: number,
    row: number,
    column: number,
  ) => number;
  /** Most bytes that the engine has allocated on the GPU, where it knows them. */
  readonly peakBytes?: () => number;
}

/** A layer in one direction in another engine. */
export interface PeerLayer {
  /** Launches it so many times and waits until the GPU is done with all. */
  readonly run: (launches: number) => Promise<void>;
  /** The results of the last launch by name, in PyTorch's order. */
  readonly results: () => Promise<Record<string, Float32Array>>;
  /** Frees it. */
  readonly dispose: () => void;
}

/** Answers questions until the input ends. An error, also one while opening, becomes an answer. */
export async function serve(open: () => Promise<PeerEngine>): Promise<void> {
  const engine = await answer(open);
  if (engine === undefined) return;
  console.log(JSON.stringify({ ready: true }));
  const respond = responder(engine);
  let waiting = "";
  for await (
    const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  ) {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop() ?? "";
    for (const line of lines) {
      const result = await answer(() => respond(line));
      if (result !== undefined) console.log(JSON.stringify(result));
    }
  }
}

async function answer<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    console.log(
      JSON.stringify({
        error: error instanceof Error ? error.message : String(error),
      }),
    );
  }
}

/** Keeps what was built for the last question, because the same one is asked again and again. */
function responder(engine: PeerEngine): (question: string) => Promise<unknown> {
  let workload: PeerWorkload | undefined;
  let layer:
    | { readonly question: string; readonly built: PeerLayer }
    | undefined;
  return async (question) => {
    const [kind, direction, launches, ...words] = question.split(" ");
    if (kind !== "layer") {
      workload ??= await engine.workload();
      return await (kind === "step" ? step(workload) : forward(workload));
    }
    const name = words.join(" ");
    if (layer?.question !== `${direction} ${name}`) {
      layer?.built.dispose();
      layer = undefined;
      const built = await engine.layer(
        layerNamed(name),
        direction as Direction,
      );
      layer = { question: `${direction} ${name}`, built };
    }
    return await runLayer(layer.built, Number(launches));
  };
}

async function step(workload: PeerWorkload) {
  if (workload.step === undefined) {
    throw new Error("this engine does not train");
  }
  const start = performance.now();
  const loss = await workload.step();
  return {
    milliseconds: performance.now() - start,
    loss,
    peakBytes: workload.peakBytes?.() ?? null,
  };
}

async function forward(workload: PeerWorkload) {
  const start = performance.now();
  const logits = await workload.forward();
  const milliseconds = performance.now() - start;
  const values = reference.forward.index.map((index) => {
    const column = index % width;
    const row = Math.floor(index / width) % height;
    const channel = Math.floor(index / (width * height)) % classes;
    const image = Math.floor(index / (width * height * classes));
    return logits[workload.place(image, channel, row, column)] ?? NaN;
  });
  return { milliseconds, values };
}

async function runLayer(layer: PeerLayer, launches: number) {
  const start = performance.now();
  await layer.run(launches);
  const milliseconds = performance.now() - start;
  const results = Object.entries(await layer.results()).map((
    [name, values],
  ) => [
    name,
    samplePositions(values.length).map((position) => values[position] ?? NaN),
  ]);
  return { milliseconds, results: Object.fromEntries(results) };
}
