/**
 * Writes LiDAR scans of the built-in towns as data sets in SemanticKITTI's layout.
 *
 * @module
 */

import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { syncFiles, writeFileUnsynced } from "../disk/files.ts";
import { scanTown, type TownSensor } from "../town/scans/town_scan.ts";

/** How many scans to write, and of which streets. */
export interface WriteScansOptions {
  /** Scans of the split `train`, by default 40. */
  readonly trainCount?: number;
  /** Scans of the split `val`, by default 10. */
  readonly valCount?: number;
  /** Seed of the streets, 0 by default. */
  readonly seed?: number;
  /** The number of the first street; other numbers are other streets. 0 by default, at most 999. */
  readonly firstStreet?: number;
  /** Called after each scan. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The streets of the training scans, and those of the validation scans, which are others. */
export const SCAN_STREETS = { train: 20, val: 10 } as const;

/** The number of the first validation street: so large that no training street has it. */
const FIRST_VAL_STREET = 1_000_000;

/** The training sequences of SemanticKITTI. */
const TRAIN_SEQUENCES = ["00", "01", "02", "03", "04", "05", "06", "07", "09", "10"];

/**
 * Writes `outDir/sequences/NN/velodyne/FFFFFF.bin` and `labels/FFFFFF.label`: training scans of 20 streets, which are
 * taken in turn, in the sequences 00–07, 09 and 10, and validation scans of other streets in 08. Of two streets in a
 * sequence, the files of the second start at 001000. Scans of 32 beams are `.pcd.bin`, with the ring as a fifth number.
 * The same options give the same bytes. In the end all files are on the disk.
 *
 * @throws {RangeError} if a count is below 1 or not an integer.
 */
export async function writeScans(
  outDir: string,
  sensor: TownSensor,
  options: WriteScansOptions = {},
): Promise<void> {
  const { trainCount = 40, valCount = 10, seed = 0, firstStreet = 0, onProgress } = options;
  for (const [name, count] of [["trainCount", trainCount], ["valCount", valCount]] as const) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`Cannot write the scans: ${name} is ${count}, expected an integer from 1`);
    }
  }
  const written: string[] = [];
  const write = (path: string, bytes: Uint8Array) => {
    writeFileUnsynced(path, bytes);
    written.push(path);
  };
  let done = 0;
  for (const [split, count] of [["train", trainCount], ["val", valCount]] as const) {
    for (let index = 0; index < count; index++) {
      const number = index % SCAN_STREETS[split];
      const frame = Math.floor(index / SCAN_STREETS[split]);
      const street = firstStreet + number + (split === "val" ? FIRST_VAL_STREET : 0);
      const { points, labels } = scanTown(sensor, { seed, street, frame });
      const { sequence, name } = place(split, number, frame);
      const folder = join(outDir, "sequences", sequence);
      const ending = sensor === "32-beams" ? ".pcd.bin" : ".bin";
      write(join(folder, "velodyne", `${name}${ending}`), littleEndian(points));
      write(join(folder, "labels", `${name}.label`), littleEndian(labels));
      onProgress?.(++done, trainCount + valCount);
      // Signals and the progress bar get their turn.
      await setImmediate();
    }
    await syncFiles(written.splice(0));
  }
}

/** The sequence and the name of a scan. */
function place(split: "train" | "val", street: number, frame: number): { sequence: string; name: string } {
  const number = split === "val"
    ? street + frame * SCAN_STREETS.val
    : Math.floor(street / TRAIN_SEQUENCES.length) * 1000 + frame;
  const sequence = split === "val" ? "08" : TRAIN_SEQUENCES[street % TRAIN_SEQUENCES.length] ?? "00";
  return { sequence, name: String(number).padStart(6, "0") };
}

/** The bytes of numbers of 32 bits, the lowest first, whatever the machine's order is. */
function littleEndian(values: Float32Array | Uint32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(4 * bits.length);
  const view = new DataView(bytes.buffer);
  bits.forEach((word, index) => view.setUint32(4 * index, word, true));
  return bytes;
}
