/**
 * The server of a run's live page. It answers with the page, its events and pictures of the run, to whoever asks for
 * them on this computer by its own name. It only reads.
 *
 * @module
 */

import { type Address, isOwnHost } from "./address.ts";
import type { LiveMessage } from "./events.ts";
import { endingText, LiveState } from "./live_state.ts";
import { LivePage, type ReadReport } from "./live_page.ts";
import { servedFile } from "./served_file.ts";

/** How a server works. */
export interface LiveOptions {
  /** Reads what the report shows of a run. */
  readonly read: ReadReport;
  /** The share of the time that rendering reports may take where nobody asks for one. Default: 1/100. */
  readonly share?: number;
  /** The least time between two events, in milliseconds. Default: 250. */
  readonly interval?: number;
}

/** After this time without an event, a page is sent an empty line, so that a connection that is gone is noticed. */
const heartbeat = 15_000;
/** The most pages that are told of events. */
const mostClients = 32;
/** A page that lets this many events lie is let go. It connects anew when it wakes up, and is told everything. */
const mostWaiting = 100;
/** How long the pages may take to read what they were sent before the server closes, in milliseconds. */
const patience = 3000;
const encoder = new TextEncoder();

/** What every answer says: it is of this page alone, is not kept, and is what its type says. */
const headers: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** What the page may do: show what it holds, and ask this server. Its own `<meta>` says the same. */
const policy = "default-src 'none'; img-src 'self' data: blob:; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A page that listens to events. */
interface Client {
  readonly send: (event: string, data: unknown) => void;
  readonly beat: () => void;
  readonly close: () => void;
}

/** The server. It begins by {@link LiveServer.listen} and is told what happens by {@link LiveServer.tell}. */
export class LiveServer {
  readonly #state = new LiveState();
  readonly #clients = new Set<Client>();
  #page: LivePage | null = null;
  #folder: string | null = null;
  #server: Deno.HttpServer<Deno.NetAddr> | null = null;
  #address: Address = { hostname: "", port: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastEvent = -Infinity;
  readonly #beats: ReturnType<typeof setInterval>;

  /** A server that does not listen yet. */
  constructor(readonly options: LiveOptions) {
    this.#beats = setInterval(() => this.#clients.forEach((client) => client.beat()), heartbeat);
  }

  /** How many pages are told of events. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /**
   * Begins to listen.
   *
   * @returns the port.
   * @throws {Error} if it cannot listen there.
   */
  listen(address: Address): number {
    const { hostname, port } = address;
    const server = Deno.serve(
      { hostname, port, onListen: () => {}, onError: () => answer(500, "The page could not be made.") },
      (request) => this.#answer(request),
    );
    this.#server = server;
    this.#address = { hostname, port: server.addr.port };
    return server.addr.port;
  }

  /** Takes what the run tells. */
  async tell(message: LiveMessage): Promise<void> {
    if (message.kind === "folder") {
      this.#folder = message.path;
      const { read, share = 1 / 100 } = this.options;
      this.#page = new LivePage(message.path, message.command, this.#state, {
        ...{ read, share },
        onRendered: () => this.#sendAll("report", this.#page?.version),
      });
      await this.#page.readEarlier();
      return;
    }
    this.#state.tell(message);
    // What a stage leaves for the report is written between its end and the next one.
    if (message.kind === "stage end") this.#page?.age(false);
    if (message.kind === "stage") {
      this.#page?.readPlan();
      this.#page?.age(this.#clients.size > 0);
    }
    this.#sendSoon();
  }

  /** Tells the pages how the run ended, sends them the last report, and closes. */
  async end(): Promise<void> {
    const { ending } = this.#state;
    const page = this.#clients.size === 0 ? undefined : await this.#page?.finish().catch(() => undefined);
    this.#sendNow();
    if (ending !== null) {
      this.#sendAll("end", { ending: ending.ending, text: endingText(ending.ending, ending.text), page });
    }
    await this.close();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    clearInterval(this.#beats);
    clearTimeout(this.#timer);
    for (const client of this.#clients) client.close();
    let timeout: ReturnType<typeof setTimeout> | undefined;
    // A page that sleeps does not read to the end what it was sent.
    await Promise.race([this.#server?.shutdown(), new Promise((resolve) => timeout = setTimeout(resolve, patience))]);
    clearTimeout(timeout);
  }

  async #answer(request: Request): Promise<Response> {
    if (!isOwnHost(request.headers.get("host"), this.#address)) {
      return answer(
        403,
        "This page answers to the names of this computer only. Open the URL that the run has printed.",
      );
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, "This page is read only.", { allow: "GET, HEAD" });
    }
    const response = await this.#found(new URL(request.url).pathname.slice(1), request.method === "HEAD");
    return request.method === "HEAD" ? new Response(null, response) : response;
  }

  async #found(path: string, isHead: boolean): Promise<Response> {
    if (path === "") {
      if (this.#page === null) {
        return answer(503, "The run has not begun yet. Try again in a moment.", { refresh: "1" });
      }
      const page = await this.#page.html();
      return answer(200, page, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    }
    // Browsers ask for a picture of the site by themselves.
    if (path === "favicon.ico") return new Response(null, { status: 204, headers });
    if (path === "events") return isHead ? answer(200, "", eventHeaders) : this.#events();
    const file = this.#folder === null ? null : await servedFile(this.#folder, path);
    return file === null ? answer(404, "There is no such picture.") : answer(200, file.bytes, {
      "content-type": file.type,
    });
  }

  #events(): Response {
    if (this.#clients.size >= mostClients) return answer(503, `There are ${mostClients} pages open already.`);
    // What the others are told now is part of what this page is told first.
    this.#sendNow();
    let client: Client | undefined;
    const leave = () => {
      if (client !== undefined) this.#clients.delete(client);
    };
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        let isOpen = true;
        const write = (text: string) => {
          if (!isOpen) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) >= -mostWaiting) return;
          isOpen = false;
          controller.error(new Error("The page does not read its events"));
          leave();
        };
        const close = () => {
          if (!isOpen) return;
          isOpen = false;
          controller.close();
          leave();
        };
        client = {
          send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
          beat: () => write(":\n\n"),
          close,
        };
        this.#clients.add(client);
        write("retry: 2000\n\n");
        client.send("snapshot", this.#state.snapshot(this.#page?.version ?? ""));
      },
      cancel: leave,
    });
    return answer(200, stream, eventHeaders);
  }

  /** Sends what is new, no more often than wanted. */
  #sendSoon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#lastEvent + (this.options.interval ?? 250) - performance.now());
    this.#timer = setTimeout(() => this.#sendNow(), wait);
  }

  #sendNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#state.hasNews) return;
    this.#lastEvent = performance.now();
    this.#sendAll("update", this.#state.takeUpdate());
  }

  #sendAll(event: string, data: unknown): void {
    for (const client of this.#clients) client.send(event, data);
  }
}

const eventHeaders = { "content-type": "text/event-stream; charset=utf-8" };

function answer(status: number, body: BodyInit, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers, ...more } });
}
