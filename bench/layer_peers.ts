/**
 * One layer in the other engines. They are asked in turns, checked against PyTorch, and compared with ours.
 *
 * @module
 */

import { type Direction, layerIsRight, type SingleLayer } from "./layer_data.ts";
import { inferenceOnly, messageOf, type PeerName, type RunningPeers } from "./peer_answer.ts";
import { median } from "../src/gpu/timing.ts";

/** A layer in another engine. */
export interface PeerLayerTime {
  /** Median time of one launch in milliseconds; `null` where there is none. */
  readonly ms: number | null;
  /** Whether its results are PyTorch's. */
  readonly correct: boolean;
  /** Why there is no time. */
  readonly error?: string;
}

/** A layer beside other engines. */
export interface LayerComparison {
  /** WebGPU engines that were asked. */
  readonly peers: Readonly<Record<string, PeerLayerTime>>;
  /** Time of PyTorch on the CPU, which is part of no ratio. `null` where it was not asked. */
  readonly pytorch: PeerLayerTime | null;
  /** Time of the fastest right engine of `peers` over ours; `null` where there is none. */
  readonly ratio: number | null;
}

/** Seconds that one engine may take for one layer in one direction. What has begun is finished. */
const questionSeconds = 8;

/** One engine's timings of the layer. */
interface Found {
  /** Milliseconds of one launch. */
  readonly times: number[];
  correct: boolean;
  error?: string;
  /** Seconds of all turns, and of the last. */
  spent: number;
  last: number;
}

/** One layer in one direction, in all engines. */
export class LayerPeers {
  readonly #found = new Map<PeerName, Found>();

  /** Asks nothing yet. Peers that have not started have rows with their errors. */
  constructor(
    readonly peers: RunningPeers,
    readonly layer: SingleLayer,
    readonly direction: Direction,
  ) {
    for (const [name, error] of peers.errors) this.#found.set(name, failed(error));
  }

  /**
   * Times `launches` launches in each engine. The first time there is a warm-up of one launch before, and its result
   * decides whether the engine is right. An engine that is wrong, fails or has used up its time is not asked again.
   *
   * @param waitSeconds how long a wait takes by itself, which is not counted.
   */
  async takeTurns(launches: number, waitSeconds: number): Promise<void> {
    for (const name of this.peers.running) {
      if (this.direction !== "forward" && inferenceOnly.has(name)) continue;
      try {
        const known = this.#found.get(name) ?? await this.#warmUp(name);
        if (known === null || !known.correct) continue;
        if (known.times.length > 0 && known.spent + known.last > questionSeconds) continue;
        const answer = await this.#ask(name, launches, known);
        // PyTorch on the CPU has no wait that could be subtracted.
        const waitMs = name === "pytorch" ? 0 : waitSeconds * 1000;
        if (answer !== null) known.times.push(Math.max(0, answer.milliseconds - waitMs) / launches);
      } catch (error) {
        this.#found.set(name, failed(messageOf(error)));
      }
    }
  }

  /** What was found, beside our time. */
  comparison(ourSeconds: number): LayerComparison {
    const rows = Object.fromEntries(
      [...this.#found].map(([name, { times, correct, error }]): [string, PeerLayerTime] => [
        name,
        { ms: times.length === 0 ? null : median(times), correct, ...(error === undefined ? {} : { error }) },
      ]),
    );
    const { pytorch = null, ...peers } = rows;
    const right = Object.values(peers).filter(({ correct }) => correct).map(({ ms }) => ms).filter((ms) => ms !== null);
    return { peers, pytorch, ratio: right.length === 0 ? null : Math.min(...right) / 1000 / ourSeconds };
  }

  async #warmUp(name: PeerName): Promise<Found | null> {
    const found: Found = { times: [], correct: false, spent: 0, last: 0 };
    const answer = await this.#ask(name, 1, found);
    if (answer === null) return null;
    found.correct = layerIsRight(this.layer, this.direction, answer.results ?? {});
    // A wrong engine runs only once. The time of a right one leaves out what its first launch compiles.
    if (!found.correct) found.times.push(answer.milliseconds);
    found.spent = 0;
    this.#found.set(name, found);
    return found;
  }

  async #ask(name: PeerName, launches: number, found: Found) {
    const answer = await this.peers.ask(name, `layer ${this.direction} ${launches} ${this.layer.name}`, found.last);
    found.last = (answer?.milliseconds ?? 0) / 1000;
    found.spent += found.last;
    return answer;
  }
}

function failed(error: string): Found {
  return { times: [], correct: false, error, spent: 0, last: 0 };
}
