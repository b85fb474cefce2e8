/**
 * What a page and the Worker that adapts (`adapt_worker.ts`) say to each other. The page sends commands, the Worker
 * answers with events. All of it can be cloned, and pixels and labels are handed over without a copy.
 *
 * @module
 */

import type { SplitScores } from "../selftraining/evaluation.ts";
import type { AdaptationResult } from "../selftraining/adaptation.ts";
import type { Colour } from "../data/encode.ts";

/** What a run starts from. */
export interface AdaptStart {
  /**
   * The recipe: the text of a recipe of `adapt`, with the same keys and the same meaning as on the command line. JSON is such
   * a text too.
   */
  readonly recipe: string;
  /**
   * Weights of a network that has been trained on the source, as the program writes them: a file, or the URL of one beside
   * the page. `null`: the recipe's network, which is drawn anew and trained on the source first.
   */
  readonly weights: NamedData | null;
  /** The packed source set, or its URL. `null`: the built-in source town. */
  readonly source: NamedData | null;
  /** The visitor's pictures, to adapt to. `null`: the built-in target town. */
  readonly photos: readonly File[] | null;
}

/** Bytes with a name for messages. */
export interface NamedData {
  /** The name. */
  readonly name: string;
  /** The bytes, or where they are fetched: a URL in full. */
  readonly data: Blob | string;
}

/** The networks of a run that can be downloaded: before the rounds, and after the last. */
export type RunNetwork = "source.safetensors" | "weights.safetensors";

/** What the page asks for. Commands may be sent at any time. */
export type AdaptCommand =
  /** Asks whether the browser keeps a run. Answer: `run`. */
  | { readonly type: "look" }
  /** Begins a run. It is refused with an `error` while the browser keeps another: that must be discarded first. */
  | { readonly type: "start"; readonly start: AdaptStart }
  /** Goes on: after `pause`, after `stop`, or with the run of an earlier visit. */
  | { readonly type: "resume" }
  /** Holds the run after the step in progress, and keeps what was done. Answer: `paused`. */
  | { readonly type: "pause" }
  /** Ends the run after a checkpoint and frees the GPU. Answer: `stopped`. */
  | { readonly type: "stop" }
  /** Deletes the kept run, and ends it before if it goes on. Answer: `run`. */
  | { readonly type: "discard" }
  /** Asks how both networks label a target image of a finished run. Answer: `comparison`. */
  | { readonly type: "compare"; readonly index: number }
  /** Asks for a weight file of the run, as soon as it was written. Answer: `file`. */
  | { readonly type: "download"; readonly file: RunNetwork };

/** A run that the browser keeps. */
export interface StoredRun {
  /** When it was started, as ISO 8601 has it. */
  readonly started: string;
  /** The stage that was finished last; `null` where none was. */
  readonly stage: string | null;
  /** Whether it is finished: then it can be compared and downloaded, and there is nothing to go on with. */
  readonly isFinished: boolean;
  /** The classes of the network, in id order. */
  readonly classes: readonly string[];
  /** A colour for each class. */
  readonly palette: readonly Colour[];
  /** How many images there are to learn from, to adapt to and to score on. */
  readonly images: { readonly source: number; readonly target: number; readonly evaluation: number };
  /** Whether the target images are the visitor's. */
  readonly areOwn: boolean;
}

/** A target image and labels of it. */
export interface LabelledPicture {
  /** Its place among the target images. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** RGBA bytes. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** A class id for each pixel; 255 where there is none. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** A target image as the networks before and after the rounds label it. `labels` are those after. */
export interface ComparedPicture extends LabelledPicture {
  /** The labels before. */
  readonly before: Uint8Array<ArrayBuffer>;
}

/** What an error is about, where the page can say more: which page to show, or what to try. */
export type AdaptFault =
  /** The browser or the machine has no WebGPU adapter. */
  | "no adapter"
  /** The GPU was lost. The run is kept up to its last checkpoint. */
  | "device lost"
  /** The browser refuses to store files, or has no room. */
  | "storage"
  /** Another tab has the run open. */
  | "open elsewhere"
  /** What was given cannot be used: a recipe, a weight file, a picture. */
  | "input"
  /** Anything else. */
  | "other";

/** What the Worker says. */
export type AdaptEvent =
  /** The kept run; `null` where there is none. `bytes`: what the browser stores for this page. */
  | { readonly type: "run"; readonly run: StoredRun | null; readonly bytes: number }
  /** A stage goes on. `secondsLeft` is `null` while nothing can be said. */
  | {
    readonly type: "progress";
    readonly stage: string;
    readonly done: number;
    readonly total: number;
    readonly unit: string;
    readonly secondsLeft: number | null;
  }
  /** An entry of the run's log: `{ stage, step, loss }` of a step, `{ stage, lambda, labelled, precision }`, and others. */
  | { readonly type: "log"; readonly entry: Readonly<Record<string, unknown>> }
  /** Pseudo-labels of an image, as they are made. */
  | { readonly type: "labels"; readonly round: number; readonly picture: LabelledPicture }
  /** Scores: stage `source: evaluation` before the rounds, `round 1: evaluation` after the first, and so on. */
  | { readonly type: "scores"; readonly stage: string; readonly scores: SplitScores | null }
  /** Something to know, or to be warned of. */
  | { readonly type: "note" | "warning"; readonly text: string }
  | { readonly type: "paused" }
  | { readonly type: "stopped" }
  /** The run is finished. */
  | { readonly type: "result"; readonly result: AdaptationResult }
  | { readonly type: "comparison"; readonly picture: ComparedPicture }
  | { readonly type: "file"; readonly name: RunNetwork; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Something failed, in a sentence. What the run kept stays. */
  | { readonly type: "error"; readonly fault: AdaptFault; readonly text: string };
