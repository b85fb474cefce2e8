/**
 * Starts other engines' programs of `bench/peers/` and asks them for steps and inferences of the reference workload and
 * for single layers (`bench/peers/serve.ts` lists the questions).
 *
 * A peer runs by itself with `bench/peers/deno.json`, so that neither the product's modules nor its lock file depend on
 * it. Deno downloads its packages at the first start. PyTorch is not a WebGPU engine and is part of no ratio.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { messageOf, type PeerAnswer, type PeerName, type RunningPeers } from "./peer_answer.ts";
import { findPython } from "./python.ts";

/**
 * Seconds that all peers may take together, their start included. A question that has begun is finished, unless the
 * peer hangs.
 */
export const peerSeconds = 15 * 60;

/** A running peer. */
export class Peer {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** What the peer printed when it ended, once it has. */
  readonly #lastWords: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(readonly name: PeerName, process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout);
    this.#lastWords = lastWords(process.stderr);
    this.#input = process.stdin.getWriter();
  }

  /**
   * Starts a peer; the first start downloads it.
   *
   * @throws {Error} with the peer's own message if it does not start, or telling how to give the right to start it.
   */
  static async start(name: PeerName): Promise<Peer> {
    const { command, args } = await programOf(name);
    const process = startable(() =>
      new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn()
    );
    const peer = new Peer(name, process);
    try {
      await peer.#answer();
    } catch (error) {
      await peer.stop();
      throw error;
    }
    return peer;
  }

  /**
   * Asks one question, a line.
   *
   * @throws {Error} with the peer's own message.
   */
  async ask(question: string): Promise<PeerAnswer> {
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
      const { done, value } = await within(peerSeconds, this.#lines.next());
      if (done) throw new Error(`it ended without an answer: ${await this.#lastWords || "it said nothing"}`);
      // Engines print notes of their own.
      if (!value.startsWith("{")) continue;
      const answer = JSON.parse(value);
      if (typeof answer.error === "string") throw new Error(answer.error);
      return answer;
    }
  }
}

/** The peers of one part of the benchmark, and the time that they have taken. */
export class Peers implements RunningPeers {
  /** Seconds that the peers of all parts of a benchmark have taken. */
  static #spent = 0;
  readonly #peers = new Map<PeerName, Peer>();
  readonly #errors = new Map<PeerName, string>();

  /** Starts them. Those that do not start are in `errors`. */
  static async start(names: readonly PeerName[]): Promise<Peers> {
    const peers = new Peers();
    for (const name of names) {
      try {
        peers.#peers.set(name, await peers.#timed(() => Peer.start(name)));
      } catch (error) {
        peers.#errors.set(name, messageOf(error));
      }
    }
    return peers;
  }

  /** Those that have started. */
  get running(): readonly PeerName[] {
    return [...this.#peers.keys()];
  }

  /** Why the others have not. */
  get errors(): ReadonlyMap<PeerName, string> {
    return this.#errors;
  }

  /**
   * Asks a question that is expected to take `expectedSeconds`. Returns `null` where the time left to all peers would
   * not suffice.
   *
   * @throws {Error} with the peer's own message.
   */
  async ask(name: PeerName, question: string, expectedSeconds: number): Promise<PeerAnswer | null> {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Error(this.#errors.get(name) ?? `${name} was not started`);
    if (Peers.#spent + expectedSeconds > peerSeconds) return null;
    return await this.#timed(() => peer.ask(question));
  }

  /** Ends all. */
  async stop(): Promise<void> {
    for (const peer of this.#peers.values()) await peer.stop();
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      Peers.#spent += (performance.now() - start) / 1000;
    }
  }
}

async function programOf(name: PeerName): Promise<{ readonly command: string; readonly args: string[] }> {
  const folder = new URL("./peers/", import.meta.url);
  const path = (file: string) => fileURLToPath(new URL(file, folder));
  if (name === "pytorch") {
    const python = await findPython(["torch", "numpy"]);
    if (python === null) {
      throw new Error(
        "no python3 that may be run has torch. On Debian or Ubuntu: apt-get install python3-torch; then ./crosswalk bench",
      );
    }
    return { command: python, args: [path("pytorch.py")] };
  }
  return {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", "--config", path("deno.json")],
      ...["--allow-read", "--allow-env", "--allow-sys", path(`${name}.ts`)],
    ],
  };
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

/** @throws {Error} if it takes longer. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${seconds} seconds`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The last words of a program that ended: its last error, or else its last line that is not empty. */
async function lastWords(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let last = "";
  let isError = false;
  for await (const raw of linesOf(stream)) {
    const line = stripVTControlCharacters(raw).trim();
    // The lines after an error tell where it happened, and are left out.
    if (line === "" || isError && !line.startsWith("error")) continue;
    last = line;
    isError = line.startsWith("error");
  }
  return last;
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
