/**
 * Finds the key at a given rank of a list, exact to the last bit, without sorting the list. All keys are on the GPU.
 *
 * @module
 */

import collectShader from "../../shaders/selftraining/collect_candidates.wgsl" with { type: "text" };
import histogramShader from "../../shaders/selftraining/score_histogram.wgsl" with { type: "text" };
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { grid, wholeRange } from "../gpu/launch.ts";
import type { KeyBatch } from "./ranked_keys.ts";
import { unrankedMark } from "./zones.ts";

/** The bits of the key that each pass of the radix selection finds, from the highest to the lowest. */
const passes = [{ shift: 21, bits: 11 }, { shift: 10, bits: 11 }, { shift: 0, bits: 10 }] as const;
/** Pixels that one invocation of `collect_candidates` walks over. */
const run = 512;
/** Counts are read back after at most this many pixels, so that none can wrap at 2³². */
const pixelsPerRead = 2 ** 31;

/**
 * Finds the key at a rank of each list by radix selection. Three passes over the keys find 11, 11 and 10 bits of the
 * wanted key, from the highest. Each pass counts a histogram of the next bits, over the keys whose higher bits are
 * those found so far. The bits are those of key − low bound of the list. If the two bounds of every list are near each
 * other, the first passes are skipped, as their bits are all 0.
 *
 * With several lists, a key is in that of its class (and ring). With one list, all keys are in it.
 *
 * @param batches all keys; called once per pass.
 * @param ranks place in the list in descending order, from 1; 0 if no key of this list is wanted.
 * @param bounds between which all keys of a list lie.
 * @returns the key of each list; 0 if none is wanted or the list is shorter than the rank.
 */
export async function radixSelect(
  gpu: Gpu,
  batches: () => AsyncIterable<KeyBatch>,
  ranks: readonly number[],
  bounds: readonly Bounds[] = ranks.map(() => unbounded),
): Promise<number[]> {
  const widest = bounds.reduce((width, { low, high }, list) => Math.max(width, ranks[list] ? high - low : 0), 0);
  // Per list: the bits found so far, and the rank among the keys that share them.
  let found = ranks.map((rank) => ({ bucket: 0, rank }));
  let keys = ranks.map(() => 0);
  for (const { shift, bits } of passes) {
    if (widest >>> shift === 0) continue;
    const buckets = 2 ** bits;
    const sums = await histograms(gpu, batches, bounds, keys, shift, bits);
    found = found.map(({ rank }, list) => findBucket(sums.subarray(list * buckets, (list + 1) * buckets), rank));
    keys = keys.map((prefix, list) => ((prefix << bits) | (found[list]?.bucket ?? 0)) >>> 0);
  }
  return keys.map((key, list) => found[list]?.rank ? key + (bounds[list]?.low ?? 0) : 0);
}

/** The bucket that holds the `rank`-th largest key, and the rank of that key within the bucket. */
function findBucket(histogram: Float64Array, rank: number): { bucket: number; rank: number } {
  let before = 0;
  for (let bucket = histogram.length - 1; bucket >= 0 && rank > 0; bucket--) {
    const count = histogram[bucket] ?? 0;
    if (before + count >= rank) return { bucket, rank: rank - before };
    before += count;
  }
  return { bucket: 0, rank: 0 };
}

/**
 * One histogram per list, `[list, bucket]`: of the keys that share the bits found so far, how many have which next
 * `bits` bits. All bits are those of key − low bound.
 */
async function histograms(
  gpu: Gpu,
  batches: () => AsyncIterable<KeyBatch>,
  bounds: readonly Bounds[],
  prefixBits: readonly number[],
  shift: number,
  bits: number,
): Promise<Float64Array> {
  const lists = prefixBits.length;
  using buffers = new BufferScope(gpu);
  const parameters = buffers.create((1 + 2 * lists) * 4, "parameters");
  const counters = new Counters(buffers, lists * 2 ** bits, "histograms");
  for await (const { count, keys, classes } of batches()) {
    await counters.makeRoom(count);
    // The number of keys differs from call to call. As a constant of the shader it would have the shader compiled each
    // time.
    gpu.write(parameters, Uint32Array.of(count, ...prefixBits, ...bounds.map(({ low }) => low)));
    gpu.submit([
      await gpu.dispatch(
        { name: "selftraining/score_histogram", text: histogramShader },
        { LISTS: lists, SHIFT: shift, BITS: bits, UNRANKED: unrankedMark(lists) },
        [keys, classes, parameters, counters.buffer],
        grid(count, 64),
      ),
    ]);
  }
  return await counters.sums();
}

/** Two keys of a list, between which the wanted key should lie. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Bounds between which every key lies. */
export const unbounded: Bounds = { low: 0, high: 0xffffffff };

/** How many keys of a class lie above, on, between and below the bounds of its list. */
export interface Tally {
  /** Keys above the high bound. */
  readonly above: number;
  /** Keys equal to the high bound. If both bounds are equal, all keys on them count here and none in `equalToLow`. */
  readonly equalToHigh: number;
  readonly between: number;
  readonly equalToLow: number;
  readonly below: number;
  /** Pixels of the class that are not ranked. */
  readonly unranked: number;
}

/** The keys strictly between the bounds, on the GPU, and the counts of all keys. */
export class Candidates {
  constructor(
    readonly gpu: Gpu,
    /** The candidates; the first ones if there was no room for all. */
    readonly keys: KeyBatch,
    /** Whether there was room for all candidates. */
    readonly isComplete: boolean,
    /** The counts of each class. */
    readonly tallies: readonly Tally[],
    /** The bounds of each list. */
    readonly bounds: readonly Bounds[],
  ) {}

  /** Finds the key at a rank of each list of candidates, as `radixSelect` does. */
  select(ranks: readonly number[]): Promise<number[]> {
    const { bounds, keys } = this;
    return radixSelect(
      this.gpu,
      async function* () {
        await Promise.resolve();
        if (keys.count > 0) yield keys;
      },
      ranks,
      bounds,
    );
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    for (const { buffer } of [this.keys.keys, this.keys.classes]) this.gpu.destroyBuffer(buffer);
  }
}

/**
 * Compares all keys with the bounds of their list: counts those on either side and keeps those strictly between.
 *
 * @param listCount number of lists as the keys name them: the classes, or with rings the classes of each ring.
 * @param bounds one pair for all of them, or one for each.
 * @param capacity most candidates that are kept.
 */
export async function collectCandidates(
  gpu: Gpu,
  batches: AsyncIterable<KeyBatch>,
  listCount: number,
  bounds: readonly Bounds[],
  capacity: number,
): Promise<Candidates> {
  using buffers = new BufferScope(gpu);
  const parameters = buffers.create((1 + 2 * bounds.length) * 4, "parameters");
  const keys = buffers.create(capacity * 4, "candidates");
  const classes = buffers.create(capacity * 4, "classes of candidates");
  const found = buffers.create(4, "number of candidates");
  const outcomes = 6;
  const counters = new Counters(buffers, outcomes * listCount, "tally");
  for await (const batch of batches) {
    await counters.makeRoom(batch.count);
    gpu.write(parameters, Uint32Array.of(batch.count, ...bounds.flatMap(({ low, high }) => [low, high])));
    gpu.submit([
      await gpu.dispatch(
        { name: "selftraining/collect_candidates", text: collectShader },
        {
          KEY_LISTS: listCount,
          LISTS: bounds.length,
          RUN: run,
          UNRANKED: unrankedMark(listCount),
          HAS_EMPTY: batch.hasEmpty,
        },
        [batch.keys, batch.classes, parameters, keys, classes, found, counters.buffer],
        grid(Math.ceil(batch.count / run), 64),
      ),
    ]);
  }
  const sums = await counters.sums();
  const sum = (outcome: number, id: number) => sums[outcome * listCount + id] ?? 0;
  const tallies = Array.from({ length: listCount }, (_, id): Tally => ({
    below: sum(0, id),
    equalToLow: sum(1, id),
    between: sum(2, id),
    equalToHigh: sum(3, id),
    above: sum(4, id),
    unranked: sum(5, id),
  }));
  const between = tallies.reduce((total, tally) => total + tally.between, 0);
  return new Candidates(
    gpu,
    {
      count: Math.min(between, capacity),
      keys: wholeRange(buffers.release(keys)),
      classes: wholeRange(buffers.release(classes)),
      // None of them is kept.
      hasEmpty: false,
    },
    between <= capacity,
    tallies,
    bounds,
  );
}

/** Counters on the GPU. They are read back and added up in float64 before any of them can wrap. */
class Counters {
  readonly buffer: GPUBuffer;
  readonly #gpu: Gpu;
  readonly #sums: Float64Array;
  #pixels = 0;

  constructor(buffers: BufferScope, readonly length: number, label: string) {
    this.buffer = buffers.create(length * 4, label);
    this.#gpu = buffers.gpu;
    this.#sums = new Float64Array(length);
  }

  /** Reads the counters back if `pixels` more pixels could make one of them wrap. */
  async makeRoom(pixels: number): Promise<void> {
    if (this.#pixels + pixels > pixelsPerRead) {
      await this.#collect();
      this.#gpu.write(this.buffer, new Uint8Array(this.buffer.size));
      this.#pixels = 0;
    }
    this.#pixels += pixels;
  }

  /** The sums of all that was counted. */
  async sums(): Promise<Float64Array> {
    await this.#collect();
    return this.#sums;
  }

  async #collect(): Promise<void> {
    const [bytes] = await this.#gpu.read({ ...wholeRange(this.buffer), size: this.length * 4 });
    if (bytes === undefined) throw new Error("The counts of the selection could not be read");
    for (const [index, count] of new Uint32Array(bytes.buffer).entries()) {
      this.#sums[index] = (this.#sums[index] ?? 0) + count;
    }
  }
}
