/**
 * What a run shows while it works, on stderr: a bar per stage on a terminal, a few lines otherwise.
 *
 * @module
 */

import cliProgress from "cli-progress";
import type { Progress, StageProgress, StageUnits } from "../selftraining/progress.ts";
import { type Terminal, terminal as ofProcess } from "./terminal.ts";

/** Without a terminal, at most one line in this many milliseconds. */
const lineInterval = 10_000;

/** Columns of a bar's line that the bar itself does not take. */
const besideBar = 68;

/**
 * What a bar does with its line of the terminal, in the form that cli-progress takes. Its own form turns the line wrap
 * off and moves the cursor back to where the bar began. That would be wrong after other lines were printed, and would
 * stay so if the program were killed.
 */
class BarLine {
  constructor(readonly terminal: Terminal) {}

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return this.terminal.streams.bars.columns || 80;
  }

  write(text: string): void {
    this.terminal.streams.bars.write(text.slice(0, this.getWidth() - 1));
  }

  cursorTo(): void {
    this.terminal.streams.bars.write("\r");
  }

  clearRight(): void {
    this.terminal.streams.bars.write("\x1b[K");
  }

  newline(): void {
    this.terminal.streams.bars.write("\n");
  }

  lineWrapping(): void {}

  cursorSave(): void {}

  cursorRestore(): void {}
}

/** The progress of a run on the terminal. */
export class TerminalProgress implements Progress {
  #slowestStep = 0;

  /** Shows it on a terminal, by default that of this process. */
  constructor(readonly terminal: Terminal = ofProcess) {}

  /** The longest time between two reports of a stage so far, in milliseconds. */
  get slowestStep(): number {
    return this.#slowestStep;
  }

  /** Starts a stage of `total` steps. */
  stage(name: string, total: number, units: StageUnits): StageProgress {
    const stage = this.terminal.streams.bars.isTTY ? this.#bar(name, total, units) : this.#lines(name, total, units);
    let last = performance.now();
    return {
      update: (done, values) => {
        const now = performance.now();
        this.#slowestStep = Math.max(this.#slowestStep, now - last);
        last = now;
        stage.update(done, values);
      },
      end: () => stage.end(),
    };
  }

  /** Says something between or during stages. */
  line(text: string): void {
    this.terminal.say(text);
  }

  /** Says something that needs attention. */
  warn(text: string): void {
    this.line(`warning: ${text}`);
  }

  #bar(name: string, total: number, { unit, perStep }: StageUnits): StageProgress {
    const line = new BarLine(this.terminal);
    const bar = new cliProgress.SingleBar({
      format: `${name.padEnd(24)} {bar} {percentage} %  {extra}  {eta_formatted} left`,
      terminal: line,
      barsize: Math.min(24, Math.max(4, line.getWidth() - besideBar)),
      etaBuffer: 20,
      // So that the bar comes back after a line was printed over it.
      forceRedraw: true,
    }, cliProgress.Presets.shades_classic);
    const start = performance.now();
    this.terminal.openBar(bar);
    bar.start(total, 0, { extra: "" });
    return {
      update: (done, { loss } = {}) => {
        const rate = done * perStep / ((performance.now() - start) / 1000);
        const extra = `${loss === undefined ? "" : `loss ${loss.toFixed(3)}  `}${rate.toFixed(1)} ${unit}/s`;
        bar.update(done, { extra });
      },
      end: () => {
        bar.update(total);
        this.terminal.endBar();
      },
    };
  }

  #lines(name: string, total: number, { unit, perStep }: StageUnits): StageProgress {
    const start = performance.now();
    let last = start;
    const write = (text: string) => this.line(`${name}: ${text}`);
    return {
      update(done, { loss } = {}) {
        const now = performance.now();
        if (now - last < lineInterval) return;
        last = now;
        const seconds = (now - start) / 1000;
        const left = done > 0 ? seconds / done * (total - done) : 0;
        const lossText = loss === undefined ? "" : `, loss ${loss.toFixed(3)}`;
        write(
          `${done} of ${total}${lossText}, ${(done * perStep / seconds).toFixed(1)} ${unit}/s, ${
            Math.ceil(left)
          } s left`,
        );
      },
      end: () => write(`done in ${((performance.now() - start) / 1000).toFixed(1)} s`),
    };
  }
}
