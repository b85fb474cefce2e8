/**
 * What a run reports while it works. The command line shows it on a terminal. Without a listener nothing is shown.
 *
 * @module
 */

/** What a stage counts. */
export interface StageUnits {
  /** Name of the unit, such as `images`. */
  readonly unit: string;
  /** How many units a step takes. */
  readonly perStep: number;
}

/** A stage in progress. */
export interface StageProgress {
  /** Reports the number of steps done, and the latest loss if there is one. */
  update(done: number, values?: { readonly loss?: number }): void;
  /** Ends the stage. */
  end(): void;
}

/** Where a run reports what it does. */
export interface Progress {
  /** Starts a stage of `total` steps. */
  stage(name: string, total: number, units: StageUnits): StageProgress;
  /** Shows a line of text. */
  line(text: string): void;
  /** Shows a warning. */
  warn(text: string): void;
}

/** Shows nothing. */
export const silent: Progress = {
  stage: () => ({ update: () => {}, end: () => {} }),
  line: () => {},
  warn: () => {},
};

/** What a run is doing, as a profile names it. `other` is whatever has no name of its own. */
export type Activity = "other" | "source training" | "labelling" | "selection" | "training" | "evaluation";
