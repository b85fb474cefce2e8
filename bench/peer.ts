/**
 * Starts another engine's program of `bench/peers/` and asks it for steps and inferences of the reference workload.
 *
 * A peer runs by itself, with `bench/peers/deno.json`, so that neither the product's modules nor its lock file know of it;
 * Deno downloads its packages at the first start.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The engines that can be compared with. */
export const peerNames = ["tfjs", "jax", "ort"] as const;

/** One of them. */
export type PeerName = typeof peerNames[number];

/** Those that do not train. */
export const inferenceOnly: ReadonlySet<PeerName> = new Set<PeerName>(["ort"]);

/** An answer of a peer. */
export interface PeerAnswer {
  /** Time from the question to the result. */
  readonly milliseconds: number;
  /** Of a step: its loss. */
  readonly loss?: number;
  /** Of an inference: the sampled logits. */
  readonly values?: readonly number[];
  /** Bytes on the GPU at most, where the engine knows. */
  readonly peakBytes: number | null;
}

/** A running peer. */
export class Peer {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(readonly name: PeerName, process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout);
    this.#input = process.stdin.getWriter();
  }

  /**
   * Starts a peer; the first start downloads it.
   *
   * @throws {Error} with the peer's own message if it does not start, or telling how to give the right to start it.
   */
  static async start(name: PeerName): Promise<Peer> {
    const folder = new URL("./peers/", import.meta.url);
    const peer = new Peer(
      name,
      startable(() =>
        new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "--quiet", "--no-prompt", "--config", fileURLToPath(new URL("deno.json", folder))],
            ...["--allow-read", "--allow-env", "--allow-sys", fileURLToPath(new URL(`${name}.ts`, folder))],
          ],
          stdin: "piped",
          stdout: "piped",
          stderr: "null",
        }).spawn()
      ),
    );
    try {
      await peer.#answer();
    } catch (error) {
      await peer.stop();
      throw error;
    }
    return peer;
  }

  /**
   * One training step or one inference.
   *
   * @throws {Error} with the peer's own message.
   */
  async ask(question: "step" | "forward"): Promise<PeerAnswer> {
    await this.#input.write(new TextEncoder().encode(`${question}\n`));
    return await this.#answer() as PeerAnswer;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    try {
      this.#process.kill();
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    await this.#input.abort().catch(() => {});
  }

  async #answer(): Promise<unknown> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error("it ended without an answer");
      // Engines print notes of their own.
      if (!value.startsWith("{")) continue;
      const answer = JSON.parse(value);
      if (typeof answer.error === "string") throw new Error(answer.error);
      return answer;
    }
  }
}

function startable<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new Error(
      "Cannot start another engine without the right to run Deno: call ./crosswalk bench --against … or deno task bench --against …",
    );
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let waiting = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop() ?? "";
    yield* lines;
  }
  if (waiting !== "") yield waiting;
}
