/**
 * What a live page shows of a run beside its report, as the run tells it.
 *
 * @module
 */

import type { Ending, LiveMessage, LossPoint, ShownLine, ShownStage, Snapshot, Update } from "./events.ts";
import { type Plan, runSecondsLeft } from "./time_left.ts";
import { pictureUrl } from "./served_file.ts";

/** How many points of a stage's loss are kept. With more, every second is dropped. */
const mostPoints = 800;
/** How many lines are kept. */
const mostLines = 100;
/** How many of the newest pseudo-labels are shown. */
const mostLabels = 12;

interface KeptStage {
  readonly shown: ShownStage;
  /** When it began, by `performance.now()`. */
  readonly start: number;
  /** How far it was at the first report: a stage that goes on does not begin at 0. */
  readonly first: { readonly done: number; readonly time: number } | null;
}

/** The state of a run's page. Times are those of `now`, in milliseconds. */
export class LiveState {
  readonly #stages: KeptStage[] = [];
  readonly #losses = new Map<string, readonly LossPoint[]>();
  readonly #lines: ShownLine[] = [];
  #labels: string[] = [];
  #ending: Snapshot["ending"] = null;
  /** What the run will do, once that is known. */
  plan: Plan | null = null;
  #news = noNews();

  /** Takes the clock. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** Whether there is something that {@link LiveState.takeUpdate} has not told. */
  get hasNews(): boolean {
    const { stages, losses, labels, lines } = this.#news;
    return stages.size > 0 || losses.size > 0 || labels.length > 0 || lines.length > 0;
  }

  /** How the run ended; `null` while it goes on. */
  get ending(): Snapshot["ending"] {
    return this.#ending;
  }

  /** The stage that was begun last; `null` before the first. */
  get lastStage(): string | null {
    return this.#stages.at(-1)?.shown.name ?? null;
  }

  /** Takes what the run tells. */
  tell(message: LiveMessage): void {
    switch (message.kind) {
      case "stage": {
        const { name, total, units } = message;
        const shown = { name, total, done: 0, units, seconds: 0, secondsLeft: null, isDone: false };
        this.#stages.push({ shown, start: this.now(), first: null });
        this.#news.stages.add(this.#stages.length - 1);
        break;
      }
      case "steps":
        this.#advance(message.done);
        this.#addLosses(this.#stages.at(-1)?.shown.name ?? "", message.losses);
        break;
      case "stage end":
        this.#change(({ shown, start, ...kept }) => ({
          ...kept,
          start,
          shown: {
            ...shown,
            done: shown.total,
            seconds: (this.now() - start) / 1000,
            secondsLeft: null,
            isDone: true,
          },
        }));
        break;
      case "line":
        this.#lines.push({ text: message.text, isWarning: message.isWarning });
        this.#news.lines.push({ text: message.text, isWarning: message.isWarning });
        this.#lines.splice(0, this.#lines.length - mostLines);
        break;
      case "labels": {
        const urls = message.files.map(pictureUrl).filter((url) => url !== null).reverse();
        this.#labels = [...urls, ...this.#labels].slice(0, mostLabels);
        this.#news.labels = [...urls, ...this.#news.labels].slice(0, mostLabels);
        break;
      }
      case "end":
        this.#ending = { ending: message.ending, text: message.text };
        break;
    }
  }

  /** Adds the loss of steps that an earlier start of the run has logged. */
  addEarlier(stage: string, losses: readonly LossPoint[]): void {
    this.#addLosses(stage, losses);
    this.#news.losses.delete(stage);
  }

  /** What is new since the last call. */
  takeUpdate(): Update {
    const { stages, losses, labels, lines } = this.#news;
    this.#news = noNews();
    const changed = this.#stages.flatMap(({ shown }, index) => stages.has(index) ? [[index, shown] as const] : []);
    return {
      ...(changed.length > 0 ? { stages: changed, secondsLeft: this.#secondsLeft() } : {}),
      ...(losses.size > 0 ? { losses: Object.fromEntries(losses) } : {}),
      ...(labels.length > 0 ? { labels } : {}),
      ...(lines.length > 0 ? { lines } : {}),
    };
  }

  /** Everything, for a page that has just been opened. */
  snapshot(report: string): Snapshot {
    return {
      stages: this.#stages.map(({ shown }) => shown),
      secondsLeft: this.#secondsLeft(),
      losses: Object.fromEntries(this.#losses),
      labels: this.#labels,
      lines: this.#lines,
      report,
      ending: this.#ending,
    };
  }

  #secondsLeft(): number | null {
    return this.plan === null ? null : runSecondsLeft(this.plan, this.#stages.map(({ shown }) => shown));
  }

  #change(change: (stage: KeptStage) => KeptStage): void {
    const last = this.#stages.pop();
    if (last === undefined) return;
    this.#stages.push(change(last));
    this.#news.stages.add(this.#stages.length - 1);
  }

  #advance(done: number): void {
    this.#change(({ shown, start, first }) => {
      const time = this.now();
      const since = first ?? { done, time };
      const pace = done > since.done ? (time - since.time) / (done - since.done) : null;
      const secondsLeft = pace === null ? null : pace * (shown.total - done) / 1000;
      return { start, first: since, shown: { ...shown, done, seconds: (time - start) / 1000, secondsLeft } };
    });
  }

  #addLosses(stage: string, losses: readonly LossPoint[]): void {
    if (losses.length === 0) return;
    // Steps since the last checkpoint are done again when a run goes on.
    const first = losses[0]?.[0] ?? 0;
    const all = [...(this.#losses.get(stage) ?? []).filter(([step]) => step < first), ...losses];
    this.#losses.set(stage, thinned(all));
    this.#news.losses.set(stage, [...this.#news.losses.get(stage) ?? [], ...losses]);
  }
}

/** At most {@link mostPoints} of the points, the first and the last among them. */
function thinned(points: readonly LossPoint[]): readonly LossPoint[] {
  if (points.length <= mostPoints) return points;
  return thinned(points.filter((_, index) => index % 2 === 0 || index === points.length - 1));
}

function noNews() {
  return {
    stages: new Set<number>(),
    losses: new Map<string, readonly LossPoint[]>(),
    labels: [] as string[],
    lines: [] as ShownLine[],
  };
}

/** How a run ended, in a sentence for its page. */
export function endingText(ending: Ending, text: string): string {
  const about = text === "" ? "" : `: ${text}`;
  if (ending === "finished") return "The run is finished. Its server has ended with it; this page stays as it is.";
  if (ending === "failed") return `The run failed${about}. This page stays as it is, and goes on if the run does.`;
  return `The run was stopped${about}. This page stays as it is, and goes on when the run does.`;
}
