/**
 * The page of a run that goes on: its report so far, and below the title what happens now.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LossPoint } from "./events.ts";
import type { LiveState } from "./live_state.ts";
import { livePage } from "../../report/page/live.ts";
import { logName } from "../run_log.ts";

/** Rendering the report may take this share of the time while the run goes on, where nobody asks for it. */
const share = 1 / 100;
/** A page that is asked for is rendered anew if it is older than this, in milliseconds. */
const oldest = 60_000;

/** The page. It is rendered when it is asked for, and after a stage if somebody looks at it. */
export class LivePage {
  /** Tells this start of the run from others. */
  readonly #start = crypto.randomUUID().slice(0, 8);
  #number = 0;
  #html: string | null = null;
  #isOld = true;
  #rendered = -Infinity;
  #cost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rendering: Promise<string> | null = null;

  /**
   * @param folder the run's folder.
   * @param onRendered called when there is a new page.
   */
  constructor(readonly folder: string, readonly state: LiveState, readonly onRendered: () => void) {}

  /** What the report on the page is known by. */
  get version(): string {
    return `${this.#start}-${this.#number}`;
  }

  /** Takes the loss of steps that were done by earlier starts of the run from its log. */
  async readEarlier(): Promise<void> {
    const text = await readFile(join(this.folder, logName), "utf8").catch(() => "");
    const losses = new Map<string, LossPoint[]>();
    for (const line of text.split("\n")) {
      const found = /^\{"stage":"(source|round \d+)","step":(\d+),"loss":([-+.e\d]+)\}$/.exec(line);
      if (found === null) continue;
      const stage = `${found[1]}: training`;
      const points = losses.get(stage) ?? [];
      if (points.length === 0) losses.set(stage, points);
      points.push([Number(found[2]), Number(found[3])]);
    }
    for (const [stage, points] of losses) this.state.addEarlier(stage, points);
  }

  /** The page, up to date. */
  async html(): Promise<string> {
    // What is being rendered may have begun before the last stage ended.
    await this.#rendering;
    const isFresh = !this.#isOld && performance.now() - this.#rendered < oldest;
    return isFresh && this.#html !== null ? this.#html : await this.#render();
  }

  /**
   * Takes note that there is more to report. If somebody looks at the page, it is rendered soon.
   */
  age(isWatched: boolean): void {
    this.#isOld = true;
    if (!isWatched || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#rendered + this.#cost / share - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isOld) this.html().catch(() => {});
    }, wait);
  }

  /** The run has ended: the page is rendered for the last time if somebody looks at it. */
  async finish(isWatched: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#isOld = true;
    if (isWatched) await this.html().catch(() => {});
  }

  #render(): Promise<string> {
    return this.#rendering ??= this.#renderNow().finally(() => this.#rendering = null);
  }

  async #renderNow(): Promise<string> {
    const start = performance.now();
    this.#isOld = false;
    this.#number++;
    const html = await Promise.resolve(livePage(basename(this.folder), this.version));
    this.#html = html;
    this.#rendered = performance.now();
    this.#cost = this.#rendered - start;
    this.onRendered();
    return html;
  }
}
