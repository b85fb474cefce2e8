/**
 * The page of a run that goes on: its report so far, and below the title what happens now.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorText } from "../../errors.ts";
import type { LiveCommand, LossPoint } from "./events.ts";
import type { LiveState } from "./live_state.ts";
import type { ReportData } from "../../report/page/data.ts";
import { readSketch } from "../report/run_sketch.ts";
import { logName } from "../run_log.ts";

/** A page that is asked for is rendered anew if it is older than this, in milliseconds. */
const oldest = 60_000;

/** Reads what a report shows of the run in a folder. */
export type ReadReport = (folder: string) => ReportData | Promise<ReportData>;

/** How the page is made. */
export interface LivePageOptions {
  /** Reads what the report shows of the run. */
  readonly read: ReadReport;
  /** The share of the time that rendering may take while the run goes on, where nobody asks for the page. */
  readonly share: number;
  /** Called when there is a new page. */
  readonly onRendered: () => void;
}

/** The page. It is rendered when it is asked for, and after a stage if somebody looks at it. */
export class LivePage {
  /** Tells this start of the run from others. */
  readonly #start = crypto.randomUUID().slice(0, 8);
  #number = 0;
  #html: string | null = null;
  #isOld = true;
  #isEnding = false;
  #rendered = -Infinity;
  #cost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rendering: Promise<string> | null = null;

  /**
   * @param folder the run's folder.
   * @param command what runs there.
   */
  constructor(
    readonly folder: string,
    readonly command: LiveCommand,
    readonly state: LiveState,
    readonly options: LivePageOptions,
  ) {}

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

  /** Reads what the run will do, once it has written that. */
  readPlan(): void {
    if (this.state.plan !== null) return;
    try {
      this.state.plan = readSketch(this.folder);
      // The first report comes at once.
      if (this.state.plan !== null) this.#cost = 0;
    } catch {
      // A damaged file is told by the report.
    }
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
    const wait = Math.max(0, this.#rendered + this.#cost / this.options.share - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isOld) this.html().catch(() => {});
    }, wait);
  }

  /** The page after the end of the run: the report that a finished run has written, or else how far it came. */
  async finish(): Promise<string> {
    clearTimeout(this.#timer);
    // The pages are sent it, and need not fetch it.
    this.#isEnding = true;
    this.#isOld = true;
    return await this.#written() ?? await this.html();
  }

  /** The report that the run has written; `null` where it is not finished. */
  async #written(): Promise<string | null> {
    if (this.state.ending?.ending !== "finished") return null;
    const { reportName } = await import("../report/write_report.ts");
    return await readFile(join(this.folder, reportName), "utf8").catch(() => null);
  }

  #render(): Promise<string> {
    return this.#rendering ??= this.#renderNow().finally(() => this.#rendering = null);
  }

  async #renderNow(): Promise<string> {
    this.#isOld = false;
    this.#number++;
    const version = this.version;
    // Loaded when the page is first asked for, since drawing charts takes much code.
    const { livePage } = await import("../../report/page/live.ts");
    const start = performance.now();
    const html = await this.#report().then((report) => livePage(report, version)).catch((error) =>
      livePage(this.#unread(errorText(error)), version)
    );
    this.#html = html;
    this.#rendered = performance.now();
    this.#cost = this.#rendered - start;
    if (!this.#isEnding) this.options.onRendered();
    return html;
  }

  /** What the report shows now. The run itself knows better than its files how far it is. */
  async #report(): Promise<ReportData> {
    const { ending } = this.state;
    this.readPlan();
    // Until then the files do not say what the run is about.
    const report = this.state.plan === null
      ? this.#unread("it begins with the training")
      : await this.options.read(this.folder);
    const name = ending === null ? "running" : ending.ending === "finished" ? "finished" : "stopped";
    const stage = name === "stopped" ? this.state.lastStage : null;
    return { ...report, state: { ...report.state, name, stage } };
  }

  /** The report of a run whose files tell nothing yet. */
  #unread(reason: string): ReportData {
    const nothing = {
      findings: [],
      scores: [],
      rounds: [],
      loss: [],
      priors: [],
      strips: [],
      classes: [],
      labelClasses: [],
    };
    return {
      ...nothing,
      title: basename(this.folder),
      kind: this.command,
      state: { name: "running", stage: null, done: 0, total: 0, secondsLeft: null },
      facts: [{ label: "report", value: `there is none yet: ${reason}` }],
      command: "",
      protocol: null,
    };
  }
}
