/**
 * Which images a step trains on: the subset of a round, the shuffle of an epoch, the batch, and the part of it that one
 * machine takes. All are pure functions of the seed and the place in the run.
 *
 * @module
 */

import { Random } from "../random.ts";
import type { Domain } from "./mining.ts";

/**
 * How the source images of a round are chosen. `nested`: each round takes a longer part of one shuffle. `redrawn`: each
 * round draws anew.
 */
export type SubsetPolicy = "nested" | "redrawn";

/**
 * How source and target images meet in a batch. `random`: as one shuffle of all images has them. `even`: a batch holds as
 * large a share of either as the round does, as far as whole numbers allow.
 */
export type BatchMix = "random" | "even";

/** One machine of a group. */
export interface Shard {
  /** Its number, from 0. */
  rank: number;
  /** The number of machines. */
  size: number;
}

/** An image of either domain. */
export interface DomainItem {
  /** The split it is in. */
  domain: Domain;
  /** Its index there. */
  index: number;
}

/**
 * `count` different indices below `total`, for round `round` from 1. Where `count` is larger than `total`, they are all
 * of them; if `repeated`, they come again and again until there are `count`. `nested` subsets are prefixes of one
 * permutation, so a larger one contains a smaller one. `redrawn` subsets are independent of each other.
 */
export function roundSubset(
  seed: number,
  domain: Domain,
  round: number,
  count: number,
  total: number,
  policy: SubsetPolicy,
  repeated = false,
): number[] {
  const random = new Random(seed, `${domain} subset`);
  const order = random.permutation(total, policy === "nested" ? 0 : round);
  if (!repeated || count <= total) return order.slice(0, count);
  return Array.from({ length: count }, (_, place) => order[place % total] ?? 0).slice(0, total === 0 ? 0 : count);
}

/** The union of source and target images of a round, to be shuffled together by {@link BatchOrder}. */
export function mixedItems(source: readonly number[], target: readonly number[]): DomainItem[] {
  const items = (domain: Domain, indices: readonly number[]) => indices.map((index) => ({ domain, index }));
  return [...items("source", source), ...items("target", target)];
}

/**
 * The batches of a stage, epoch after epoch. Each epoch is a new shuffle of all items. A batch that an epoch cannot
 * fill takes the rest from the next epoch. So every image comes equally often, and a single image is enough for any
 * batch.
 */
export class BatchOrder<Item> {
  readonly #items: readonly Item[];
  readonly #batch: number;
  readonly #random: Random;
  readonly #kindOf: ((item: Item) => string) | undefined;
  /** The last two shuffles. A batch reaches over at most one end of an epoch, unless there are very few items. */
  readonly #shuffles = new Map<number, number[]>();

  /**
   * The order of `items` in batches of `batch`.
   *
   * @param kindOf the kind of an item. Where it is given, each kind is spread evenly over the epoch, so that batches have
   * equal shares of it.
   * @throws {RangeError} where there is no item.
   */
  constructor(items: readonly Item[], batch: number, seed: number, stage: string, kindOf?: (item: Item) => string) {
    if (items.length === 0) throw new RangeError(`Cannot draw batches for ${stage}: there is no image`);
    this.#items = items;
    this.#batch = batch;
    this.#random = new Random(seed, `order ${stage}`);
    this.#kindOf = kindOf;
  }

  /**
   * The number of steps of an epoch: whole batches of its items, at least 1. Items that are left over begin the next
   * epoch.
   */
  get stepsPerEpoch(): number {
    return Math.max(1, Math.floor(this.#items.length / this.#batch));
  }

  /**
   * The items of step `step`, from 0. With several machines, the consecutive part of them that one machine takes.
   *
   * @throws {RangeError} where the machines do not divide the batch.
   */
  batch(step: number, shard: Shard = { rank: 0, size: 1 }): Item[] {
    return batchIndices(this.#batch, shard).map((index) => this.#item(step * this.#batch + index));
  }

  #item(position: number): Item {
    const count = this.#items.length;
    const epoch = Math.floor(position / count);
    const place = this.#shuffle(epoch)[position % count] ?? 0;
    const item = this.#items[place];
    if (item === undefined) throw new RangeError(`There is no item ${place} of ${count}`);
    return item;
  }

  #shuffle(epoch: number): number[] {
    const known = this.#shuffles.get(epoch);
    if (known !== undefined) return known;
    const shuffle = this.#spread(this.#random.permutation(this.#items.length, epoch));
    for (const kept of this.#shuffles.keys()) if (kept !== epoch - 1) this.#shuffles.delete(kept);
    this.#shuffles.set(epoch, shuffle);
    return shuffle;
  }

  /** Moves the items of each kind apart: the k-th of n of them stands at (k + ½) / n of the epoch. */
  #spread(shuffle: number[]): number[] {
    const kindOf = this.#kindOf;
    if (kindOf === undefined) return shuffle;
    const kinds = Map.groupBy(shuffle, (place) => {
      const item = this.#items[place];
      return item === undefined ? "" : kindOf(item);
    });
    return [...kinds].toSorted(([a], [b]) => a < b ? -1 : 1)
      .flatMap(([, places]) => places.map((place, index) => ({ place, at: (index + 0.5) / places.length })))
      .toSorted((a, b) => a.at - b.at)
      .map(({ place }) => place);
  }
}

/**
 * The places in the whole batch that a machine takes. A sample is planned by its place in the whole batch, so that
 * samples do not depend on the number of machines.
 *
 * @throws {RangeError} where the machines do not divide the batch.
 */
export function batchIndices(batch: number, shard: Shard = { rank: 0, size: 1 }): number[] {
  if (batch % shard.size !== 0) {
    throw new RangeError(
      `A batch of ${batch} cannot be shared by ${shard.size} machines, expected a multiple of ${shard.size}`,
    );
  }
  const count = batch / shard.size;
  return Array.from({ length: count }, (_, index) => shard.rank * count + index);
}
