/**
 * The exact thresholds of the selection, compared with sorting the same keys on the CPU.
 *
 * The selection starts from the network's logits and keeps no scores. The sorts get the keys ready, class by class, and
 * only sort.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { BufferScope } from "../src/gpu/buffer_scope.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { wholeRange } from "../src/gpu/launch.ts";
import { paddedChannels } from "../src/graph/layout.ts";
import { rankedKeys } from "../src/selftraining/ranked_keys.ts";
import type { ScoreBatches } from "../src/selftraining/scores.ts";
import { selectThresholds } from "../src/selftraining/selection.ts";
import type { Thresholds } from "../src/selftraining/thresholds.ts";
import { findPython } from "./python.ts";
import { median } from "../src/gpu/timing.ts";

const classes = 19;
const image = { height: 1024, width: 2048 };
const outputStride = 8;

/** What `bench select` finds. */
export interface SelectReport {
  /** Pixels whose confidences are ranked. */
  readonly pixels: number;
  readonly classes: number;
  /** Median time of our thresholds, scores included. */
  readonly oursMs: number;
  /**
   * Median of the same times, each less the time of computing the scores of all pixels once. That time is measured in
   * each run.
   */
  readonly oursWithoutScoresMs: number;
  /** Most GPU memory that the selection takes besides the logits. It is the same for any number of images. */
  readonly oursBytes: number;
  /** Time of sorting each class's keys as a typed array in this process. */
  readonly typedArraySortMs: number;
  /** The same with numpy; `null` where python3 or numpy is missing or may not be run. */
  readonly numpySortMs: number | null;
  /** Bytes of the keys that the sorts hold. */
  readonly sortBytes: number;
  /**
   * Two ratios: the time of numpy's sort over ours, and over ours without the scores. Where there is no numpy, the sort
   * of the typed arrays stands for it.
   */
  readonly ratio: { readonly withScores: number; readonly withoutScores: number };
}

/**
 * Times the selection.
 *
 * @param options how many `images` of 1024×2048 pixels; `runs` of ours.
 * @throws {Error} if a sort gives another threshold than ours.
 */
export async function benchSelect(
  gpu: Gpu,
  { images = 24, runs }: { readonly images?: number; readonly runs: number },
): Promise<SelectReport> {
  using buffers = new BufferScope(gpu);
  const source = logitsSource(buffers, images);
  const { report, oursMs, oursWithoutScoresMs, oursBytes } = await timeSelection(gpu, source, runs);
  const keys = await keysByClass(gpu, source, report.n_pixels);
  const numpy = await numpySort(keys, report.rank);
  const typed = typedArraySort(keys, report.rank);
  requireSame(report, typed, "typed arrays");
  if (numpy !== null) requireSame(report, numpy, "numpy");
  const sortMs = (numpy ?? typed).milliseconds;
  return {
    pixels: images * image.height * image.width,
    classes,
    oursMs,
    oursWithoutScoresMs,
    oursBytes,
    typedArraySortMs: typed.milliseconds,
    numpySortMs: numpy?.milliseconds ?? null,
    sortBytes: keys.reduce((sum, { byteLength }) => sum + byteLength, 0),
    ratio: { withScores: sortMs / oursMs, withoutScores: sortMs / oursWithoutScoresMs },
  };
}

/** The logits of so many images. Each image is a window of one field, a few pixels further on than the one before. */
function logitsSource(buffers: BufferScope, images: number): ScoreBatches {
  const height = image.height / outputStride;
  const width = image.width / outputStride;
  const channels = paddedChannels(classes);
  const step = 997 * channels;
  const field = buffers.create((height * width * channels + images * step) * 4, "logits");
  buffers.gpu.write(field, fieldOfLogits(field.size / 4, channels));
  return {
    images,
    async *batches() {
      for (let index = 0; index < images; index++) {
        const views = [{ offset: index * step, height, width, mirror: false }];
        yield { images: 1, ...image, logits: wholeRange(field), views };
      }
    },
  };
}

/**
 * Computes our thresholds. Returns them with their median time, the same less the time of the scores alone, and the
 * memory besides the logits.
 */
async function timeSelection(gpu: Gpu, source: ScoreBatches, runs: number) {
  const settings = { policy: "cbst", rule: "crst", portion: 0.2, stride: 1 } as const;
  const times: number[] = [];
  const timesWithoutScores: number[] = [];
  const before = gpu.allocatedBytes;
  gpu.resetPeak();
  let report = await selectThresholds(gpu, source, { classes }, settings);
  const oursBytes = gpu.peakBytes - before;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    report = await selectThresholds(gpu, source, { classes }, settings);
    const middle = performance.now();
    await computeScores(gpu, source);
    times.push(middle - start);
    timesWithoutScores.push(middle - start - (performance.now() - middle));
  }
  return { report, oursMs: median(times), oursWithoutScoresMs: median(timesWithoutScores), oursBytes };
}

/** @throws {Error} naming a class whose threshold is not the key that the sort found. */
function requireSame({ rank, lambda }: Thresholds, { keys }: Sorted, sort: string): void {
  const sorted = new Float32Array(Uint32Array.from(keys).buffer);
  for (const [id, value] of sorted.entries()) {
    if ((rank[id] ?? 0) === 0 || value === lambda[id]) continue;
    throw new Error(`The threshold of class ${id} is ${lambda[id]}, sorting with ${sort} gives ${value}`);
  }
}

/** A field of logits, smooth enough to have regions and rough enough that few keys are equal. */
function fieldOfLogits(length: number, channels: number): Float32Array<ArrayBuffer> {
  let state = 1;
  const offsets = Float32Array.from({ length: channels }, (_, channel) => channel / channels);
  return Float32Array.from({ length }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const channel = index % channels;
    return 3 * Math.sin((index / channels) * 0.003 * (channel + 1)) + (offsets[channel] ?? 0) + state / 2 ** 31;
  });
}

/** The keys of each class, as the selection's own kernel computes them. */
async function keysByClass(
  gpu: Gpu,
  source: ScoreBatches,
  counts: readonly number[],
): Promise<Uint32Array<ArrayBuffer>[]> {
  const lists = counts.map((count) => new Uint32Array(count));
  const lengths = counts.map(() => 0);
  for await (const batch of rankedKeys(gpu, source, { classes })) {
    const [keyBytes, idBytes] = await gpu.read(batch.keys, batch.classes);
    if (keyBytes === undefined || idBytes === undefined) throw new Error("No keys were read");
    const keys = new Uint32Array(keyBytes.buffer);
    for (const [pixel, id] of new Uint32Array(idBytes.buffer).entries()) {
      const length = lengths[id] ?? 0;
      const list = lists[id];
      if (list !== undefined) list[length] = keys[pixel] ?? 0;
      lengths[id] = length + 1;
    }
  }
  return lists;
}

/** Computes the key and the class of every pixel, batch by batch, and waits. */
async function computeScores(gpu: Gpu, source: ScoreBatches): Promise<void> {
  for await (const _keys of rankedKeys(gpu, source, { classes }));
  await gpu.wait();
}

interface Sorted {
  readonly milliseconds: number;
  /** Each class's key at its rank. */
  readonly keys: readonly number[];
}

/** Sorts in place. */
function typedArraySort(lists: readonly Uint32Array[], ranks: readonly number[]): Sorted {
  const start = performance.now();
  const keys = lists.map((list, id) => list.sort()[list.length - (ranks[id] ?? 0)] ?? 0);
  return { milliseconds: performance.now() - start, keys };
}

/** Numpy's sort, or `null` where it cannot be run. */
async function numpySort(lists: readonly Uint32Array<ArrayBuffer>[], ranks: readonly number[]): Promise<Sorted | null> {
  const script = fileURLToPath(new URL("./peers/sort.py", import.meta.url));
  const counts = lists.map(({ length }) => length);
  const python = await findPython(["numpy"]);
  if (python === null) return null;
  const process = new Deno.Command(python, {
    args: [script, counts.join(), ranks.join()],
    ...{ stdin: "piped", stdout: "piped", stderr: "null" },
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  for (const list of lists) await writer.write(new Uint8Array(list.buffer));
  await writer.close();
  const { success, stdout } = await output;
  if (!success) throw new Error("Sorting the keys with numpy failed (bench/peers/sort.py)");
  return JSON.parse(new TextDecoder().decode(stdout));
}
