/**
 * What a run shows while it works, on stderr: a bar per stage on a terminal, a few lines otherwise.
 *
 * @module
 */

import cliProgress from "cli-progress";
import process from "node:process";
import type { Progress, StageProgress, StageUnits } from "../selftraining/progress.ts";

/** Without a terminal, at most one line in this many milliseconds. */
const lineInterval = 10_000;

/** The progress of a run on the terminal. */
export class TerminalProgress implements Progress {
  #interrupt: ((text: string) => void) | null = null;

  /** Starts a stage of `total` steps. */
  stage(name: string, total: number, units: StageUnits): StageProgress {
    return process.stderr.isTTY ? this.#bar(name, total, units) : lines(name, total, units);
  }

  /** Says something between or during stages. */
  line(text: string): void {
    if (this.#interrupt === null) process.stderr.write(`${text}\n`);
    else this.#interrupt(text);
  }

  /** Says something that needs attention. */
  warn(text: string): void {
    this.line(`warning: ${text}`);
  }

  #bar(name: string, total: number, { unit, perStep }: StageUnits): StageProgress {
    const bar = new cliProgress.SingleBar({
      format: `${name.padEnd(24)} {bar} {percentage} %  {extra}  {eta_formatted} left`,
      stream: process.stderr,
      barsize: 24,
      etaBuffer: 20,
    }, cliProgress.Presets.shades_classic);
    const start = performance.now();
    bar.start(total, 0, { extra: "" });
    this.#interrupt = (text) => {
      bar.stop();
      process.stderr.write(`\r${text}\n`);
      bar.start(total, 0, { extra: "" });
    };
    return {
      update: (done, { loss } = {}) => {
        const rate = done * perStep / ((performance.now() - start) / 1000);
        const extra = `${loss === undefined ? "" : `loss ${loss.toFixed(3)}  `}${rate.toFixed(1)} ${unit}/s`;
        bar.update(done, { extra });
      },
      end: () => {
        bar.update(total);
        bar.stop();
        this.#interrupt = null;
      },
    };
  }
}

function lines(name: string, total: number, { unit, perStep }: StageUnits): StageProgress {
  const start = performance.now();
  let last = start;
  const write = (text: string) => process.stderr.write(`${name}: ${text}\n`);
  return {
    update(done, { loss } = {}) {
      const now = performance.now();
      if (now - last < lineInterval) return;
      last = now;
      const seconds = (now - start) / 1000;
      const left = done > 0 ? seconds / done * (total - done) : 0;
      const lossText = loss === undefined ? "" : `, loss ${loss.toFixed(3)}`;
      write(
        `${done} of ${total}${lossText}, ${(done * perStep / seconds).toFixed(1)} ${unit}/s, ${Math.ceil(left)} s left`,
      );
    },
    end: () => write(`done in ${((performance.now() - start) / 1000).toFixed(1)} s`),
  };
}
