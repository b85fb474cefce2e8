/**
 * The page's side of the Worker that labels pictures: each request becomes a promise.
 *
 * @module
 */

import type { LabelCommand, LabelEvent, LabelledPicture } from "./label_messages.ts";
import type { NetworkName, Site } from "./site.ts";

/** What the Worker tells without being asked. */
export type LabelNews = Exclude<LabelEvent, { readonly type: "labelled" | "failed" | "png" }>;

interface Waiting {
  readonly resolve: (event: LabelEvent) => void;
  readonly reject: (error: Error) => void;
}

/** A Worker that labels pictures. Close it when done; after it was lost, open another. */
export class LabelClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /**
   * Starts the Worker, which looks for an adapter.
   *
   * @param onNews called with what it tells: that it is ready or has no GPU, how far weights are loaded, that it is lost.
   */
  constructor(site: Site, onNews: (news: LabelNews) => void) {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<LabelEvent>) => {
      if (data.type === "labelled" || data.type === "png") this.#take(data.id)?.resolve(data);
      else if (data.type === "failed") this.#take(data.id)?.reject(new Error(data.text));
      else {
        if (data.type === "lost") this.#end(data.text);
        onNews(data);
      }
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      const text = event.message || "its script could not be loaded; worker.js must lie beside the page";
      this.#end(text);
      onNews({ type: "lost", text: `The Worker ended: ${text}` });
    });
    this.#send({ type: "open", site });
  }

  /**
   * Labels a picture.
   *
   * @throws {Error} saying why it cannot be labelled.
   */
  async label(
    picture: Blob | ImageBitmap,
    network: NetworkName,
    withConfidence: boolean,
  ): Promise<LabelledPicture> {
    const transfer = picture instanceof ImageBitmap ? [picture] : [];
    const event = await this.#ask((id) => ({ type: "label", id, picture, network, withConfidence }), transfer);
    if (event.type !== "labelled") throw new Error("The Worker answered something else");
    return event;
  }

  /** The labels of a picture as an indexed PNG. */
  async encode({ labels, height, width }: LabelledPicture): Promise<Uint8Array<ArrayBuffer>> {
    const event = await this.#ask((id) => ({ type: "encode", id, labels, height, width }));
    if (event.type !== "png") throw new Error("The Worker answered something else");
    return event.bytes;
  }

  /** Deletes the weights that the browser keeps. */
  forget(): void {
    this.#send({ type: "forget" });
  }

  /** Ends the Worker. */
  close(): void {
    this.#worker.terminate();
  }

  #ask(command: (id: number) => LabelCommand, transfer: Transferable[] = []): Promise<LabelEvent> {
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<LabelEvent>();
    this.#waiting.set(id, { resolve, reject });
    this.#send(command(id), transfer);
    return promise;
  }

  #send(command: LabelCommand, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** What was asked is not answered any more. */
  #end(text: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(text));
    this.#waiting.clear();
  }
}
