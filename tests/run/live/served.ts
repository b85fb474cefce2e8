/**
 * A live page that is served for a test, and the events that it is sent.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { basename, join } from "node:path";
import type { Snapshot, Update } from "../../../src/run/live/events.ts";
import { type LiveOptions, LiveServer } from "../../../src/run/live/live_server.ts";
import { writeSketch } from "../../../src/run/report/run_sketch.ts";
import { inTemporaryFolder } from "../../cli/program.ts";
import { sampleRun } from "../../report/page/sample_run.ts";
import { sampleSketch } from "./sketch.ts";

/** Reads what a report shows of a made-up run. */
export const read = (folder: string) => ({
  ...sampleRun({ classes: 2, rounds: 1, images: 0 }),
  title: basename(folder),
});

/** A server of a run's folder, and where it is. */
export async function withServer(
  body: (server: LiveServer, url: string, folder: string) => Promise<void>,
  { prepare = () => {}, ...options }: Partial<LiveOptions> & { readonly prepare?: (folder: string) => void } = {},
): Promise<void> {
  await inTemporaryFolder(async (outer) => {
    const folder = join(outer, "my <run>");
    writeSketch(folder, sampleSketch);
    prepare(folder);
    const server = new LiveServer({ read, ...options });
    const port = server.listen({ hostname: "127.0.0.1", port: 0 });
    await server.tell({ kind: "folder", path: folder, command: "adapt" });
    try {
      await body(server, `http://127.0.0.1:${port}/`, folder);
    } finally {
      await server.close();
    }
  });
}

/** The events that a page is sent, one after the other. */
export class Events {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  /** The events in an answer. */
  constructor(response: Response) {
    this.#reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Asks a server for its events. */
  static async open(url: string): Promise<Events> {
    const response = await fetch(`${url}events`, { signal: AbortSignal.timeout(20_000) });
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    return new Events(response);
  }

  /** The next event; `null` where the stream has ended. */
  async next(): Promise<{ readonly event: string; readonly data: unknown } | null> {
    for (;;) {
      const found = /^(?:retry: .*\n\n|:\n\n)*event: (.*)\ndata: (.*)\n\n/.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found[0].length);
        return { event: found[1] ?? "", data: JSON.parse(found[2] ?? "") };
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += value;
    }
  }

  /** The first event: everything that is known. */
  async snapshot(): Promise<Snapshot> {
    const next = await this.next();
    assertEquals(next?.event, "snapshot");
    return next?.data as Snapshot;
  }

  /** The next change, whatever else comes before it. */
  async update(): Promise<Update> {
    for (let next = await this.next(); next !== null; next = await this.next()) {
      if (next.event === "update") return next.data as Update;
    }
    throw new Error("the events have ended");
  }

  /** Goes away. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}
