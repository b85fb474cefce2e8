/**
 * What a Worker of the inspection runs. It reads the files of a few images and tells what their headers say, whether
 * they are whole, and a digest of what they hold. No pixel is decoded.
 *
 * @module
 */

import { inspectImage } from "../data/decode.ts";
import type { Size } from "../data/size.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { readFile } from "../disk/files.ts";
import { digestOf } from "./file_digest.ts";

/** Files to look at. */
export interface InspectionWork {
  /** An image and its labels; `null` if it has none. */
  readonly files: readonly { readonly image: string; readonly labels: string | null }[];
}

/** What was found out about an image or a label file. */
export interface InspectedFile {
  /** Height and width in pixels. */
  readonly size: Size;
  /** A digest of its length and its bytes. */
  readonly digest: string;
}

/** What was found out about an image and its labels: a file, or the sentence that says why it is of no use. */
export interface InspectedFiles {
  readonly image: InspectedFile | string;
  /** `null` if there are none. */
  readonly labels: InspectedFile | string | null;
}

answerRequests<InspectionWork, InspectedFiles[]>(({ files }) =>
  files.map(({ image, labels }) => ({
    image: inspect(image, "image"),
    labels: labels === null ? null : inspect(labels, "labels"),
  }))
);

/** The size is that after turning. Labels are never turned. */
function inspect(path: string, role: "image" | "labels"): InspectedFile | string {
  try {
    const bytes = readFile(path);
    const { height, width, stored } = inspectImage(bytes, path);
    return { size: role === "labels" ? stored : { height, width }, digest: digestOf(bytes) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
