/**
 * The other engines' names, and what they are asked. This file starts none, so that it runs in a browser.
 *
 * @module
 */

/** The engines that can be compared with. */
export const peerNames = ["tfjs", "jax", "ort", "pytorch"] as const;

/** One of them. */
export type PeerName = typeof peerNames[number];

/** Those that do not train. */
export const inferenceOnly: ReadonlySet<PeerName> = new Set<PeerName>(["ort"]);

/** An answer of a peer. */
export interface PeerAnswer {
  /**
   * Milliseconds from the question to the result. For a layer, milliseconds of all launches until the GPU is done with
   * them.
   */
  readonly milliseconds: number;
  /** The loss, for a step. */
  readonly loss?: number;
  /** The sampled logits of an inference, or the labels of some pixels. */
  readonly values?: readonly number[];
  /** The sampled results by name, for a layer; the sketches of a network's gradients. */
  readonly results?: Readonly<Record<string, readonly number[]>>;
  /** Most bytes on the GPU at one time, for a step, where the engine knows them. */
  readonly peakBytes?: number | null;
  /** The processor that a network runs on, and the engine's version, once it is ready. */
  readonly device?: string;
  readonly version?: string;
}

/** Peers that can be asked. */
export interface RunningPeers {
  /** Those that have started. */
  readonly running: readonly PeerName[];
  /** Why the others have not. */
  readonly errors: ReadonlyMap<PeerName, string>;
  /**
   * Asks a question that is expected to take `expectedSeconds`. Returns `null` where the time left to all peers would
   * not suffice.
   *
   * @throws {Error} with the peer's own message.
   */
  readonly ask: (name: PeerName, question: string, expectedSeconds: number) => Promise<PeerAnswer | null>;
}

/** No peers. */
export const noPeers: RunningPeers = { running: [], errors: new Map(), ask: () => Promise.resolve(null) };

/** What was thrown, as a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
