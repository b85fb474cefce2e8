/**
 * What a page and the Worker that labels pictures tell each other. The Worker is `label_worker.ts`.
 *
 * @module
 */

import type { NetworkName, Site } from "./site.ts";

/** What the page asks of the Worker. */
export type LabelCommand =
  /** Looks for an adapter and opens it. It is sent first, once. */
  | { readonly type: "open"; readonly site: Site }
  /** Labels a picture: the bytes of an image file, or a frame of a camera. Answered by `labelled` or `failed`. */
  | {
    readonly type: "label";
    /** By this the answer is known. */
    readonly id: number;
    /** The picture. A frame is closed when it was read. */
    readonly picture: Blob | ImageBitmap;
    /** The network that labels it. */
    readonly network: NetworkName;
    /** Whether the confidence of each pixel is wanted. */
    readonly withConfidence: boolean;
  }
  /** Makes an indexed PNG of labels, as the command line writes them. Answered by `png`. */
  | {
    readonly type: "encode";
    readonly id: number;
    readonly labels: Uint8Array<ArrayBuffer>;
    readonly height: number;
    readonly width: number;
  }
  /** Deletes the weights that the browser keeps. Answered by `kept`. */
  | { readonly type: "forget" };

/** What the Worker tells the page. */
export type LabelEvent =
  /** The adapter is open. */
  | { readonly type: "ready"; readonly adapter: string }
  /** There is no WebGPU here, or no adapter. Nothing can be labelled. */
  | { readonly type: "unsupported"; readonly text: string }
  /** Bytes of a weight file have come. */
  | {
    readonly type: "loading";
    readonly network: NetworkName;
    readonly done: number;
    readonly total: number;
    /** Whether the browser had kept the file. */
    readonly isKept: boolean;
  }
  /** The network's programs are compiled for pictures of this size. */
  | { readonly type: "compiling"; readonly id: number; readonly size: string }
  | ({ readonly type: "labelled"; readonly id: number } & LabelledPicture)
  /** A picture could not be labelled; others can. */
  | { readonly type: "failed"; readonly id: number; readonly text: string }
  | { readonly type: "png"; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** How many bytes of weights the browser keeps. */
  | { readonly type: "kept"; readonly bytes: number }
  /** The GPU went away, or the Worker cannot go on. The page begins with a new Worker. */
  | { readonly type: "lost"; readonly text: string };

/** The labels of a picture. */
export interface LabelledPicture {
  /** The network that labelled it. */
  readonly network: NetworkName;
  /** Rows of the picture, upright. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The class of each pixel, `[height, width]`. */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** For each class, how many pixels have it. */
  readonly counts: readonly number[];
  /**
   * The probability of the network's most probable class at each pixel, `[height, width]`, from 0 to 255; `null` if it was
   * not asked for.
   */
  readonly confidence: Uint8Array<ArrayBuffer> | null;
  /** The size that the network saw, such as `240×320`. */
  readonly seen: string;
  /** Milliseconds of each stage, in their order. */
  readonly times: readonly { readonly stage: LabelStage; readonly milliseconds: number }[];
}

/** What labelling a picture consists of. */
export type LabelStage = "decode" | "resize" | "compile" | "network" | "confidence";
