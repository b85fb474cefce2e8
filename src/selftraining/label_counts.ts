/**
 * How many pixels got which pseudo-label.
 *
 * @module
 */

/** Pixels of some images, counted by their pseudo-label. */
export interface LabelCounts {
  /** Number of pixels labelled with each class. */
  readonly labelled: readonly number[];
  /** Number of pixels that got no label. */
  readonly ignored: number;
}

/** Counts of zero, to which those of batches are added. */
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

/** The counts after some labels of each class were taken back: those pixels got none. */
export function subtractCounts({ labelled, ignored }: LabelCounts, taken: readonly number[]): LabelCounts {
  return {
    labelled: labelled.map((count, id) => count - (taken[id] ?? 0)),
    ignored: ignored + taken.reduce((sum, count) => sum + count, 0),
  };
}

/** The counts of `pixels` pixels. `bytes` holds the u32 that a labelling kernel counted for each class. */
export function countsOf(bytes: Uint8Array<ArrayBuffer>, classes: number, pixels: number): LabelCounts {
  const labelled = [...new Uint32Array(bytes.buffer, bytes.byteOffset, classes)];
  return { labelled, ignored: pixels - labelled.reduce((sum, count) => sum + count, 0) };
}
