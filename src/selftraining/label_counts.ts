/**
 * How many pixels got which pseudo-label.
 *
 * @module
 */

/** Pixels of some images by what became of them. */
export interface LabelCounts {
  /** Pixels given each class. */
  readonly labelled: readonly number[];
  /** Pixels given none. */
  readonly ignored: number;
}

/** The counts of no image at all, to which those of batches are added. */
export function noLabels(classes: number): LabelCounts {
  return { labelled: new Array<number>(classes).fill(0), ignored: 0 };
}

/** The counts of two sets of images together. */
export function addCounts(a: LabelCounts, b: LabelCounts): LabelCounts {
  return {
    labelled: a.labelled.map((count, id) => count + (b.labelled[id] ?? 0)),
    ignored: a.ignored + b.ignored,
  };
}

/** The counts of `pixels` pixels, from the u32 that a labelling kernel counted for each class. */
export function countsOf(bytes: Uint8Array<ArrayBuffer>, classes: number, pixels: number): LabelCounts {
  const labelled = [...new Uint32Array(bytes.buffer, bytes.byteOffset, classes)];
  return { labelled, ignored: pixels - labelled.reduce((sum, count) => sum + count, 0) };
}
