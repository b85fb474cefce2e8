/**
 * A JPEG file of four components taken apart into two of three, so that a decoder for RGB reads all four. The codes of
 * each block are copied as they are, neither decoded to numbers nor coded anew: predictions of means go from block to
 * block of one component, so leaving a component out changes nothing for the others.
 *
 * Source: ITU-T T.81, annexes B, C, F and G.
 *
 * @module
 */

import { isFrameHeader, type JpegComponent, type JpegFrame, jpegMarkers, type JpegSegment } from "./jpeg_structure.ts";

/** A component of a scan with the tables of its codes. */
interface ScanComponent {
  readonly component: JpegComponent;
  readonly tables: number;
  readonly means: CodeTable | undefined;
  readonly rest: CodeTable | undefined;
  /** The files that its blocks are copied to. */
  readonly writers: readonly BitWriter[];
}

/** By the next 16 bits: the length of the code that they begin with, times 256, and its symbol; 0 where there is none. */
type CodeTable = Uint16Array;

/** How a part of the file is to be read: its colours as they are, or as brightness and colour differences. */
export type JpegTransform = 0 | 1;

/**
 * JPEG files of three of the four components each. The first holds components 0, 1 and 2, the second 0, 1 and 3 (or 0, 2
 * and 3), so that its last channel is component 3.
 *
 * @param transform how the first is to be read. The second is always read as it is.
 * @throws {Error} where the file is damaged, or its components have an unusual sampling. The message is no sentence yet.
 */
export function splitFourComponents(
  frame: JpegFrame,
  segments: readonly JpegSegment[],
  transform: JpegTransform,
): [Uint8Array, Uint8Array] {
  const [a, b, c, d] = frame.components;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("not four components");
  const fits = (chosen: readonly JpegComponent[]) =>
    (["across", "down"] as const).every((side) => largest(chosen, side) === largest(frame.components, side));
  const second = [[a, b, d], [a, c, d]].find(fits);
  if (!fits([a, b, c]) || second === undefined) throw new Error("unusual sampling of its four components");
  const parts = [
    { components: [a, b, c], writer: new BitWriter() },
    { components: second, writer: new BitWriter() },
  ] as const;
  for (const [index, { writer }] of parts.entries()) {
    writer.bytes(0xff, jpegMarkers.startOfImage);
    const adobe = [...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, index === 0 ? transform : 0];
    writer.segment(jpegMarkers.app14, adobe);
  }
  const tables = new Map<number, CodeTable>();
  let restartInterval = 0;
  for (const { marker, content, scan } of segments) {
    if (marker === jpegMarkers.huffmanTables) readTables(content, tables);
    if (marker === jpegMarkers.restartInterval) restartInterval = (content[0] ?? 0) * 256 + (content[1] ?? 0);
    if (isFrameHeader(marker)) {
      for (const { components, writer } of parts) writer.segment(marker, frameHeader(content, components));
    } else if (marker === jpegMarkers.startOfScan) {
      copyScan(frame, content, scan, { parts, tables, restartInterval });
    } else if (isNeeded(marker)) {
      for (const { writer } of parts) writer.segment(marker, content);
    }
  }
  for (const { writer } of parts) writer.bytes(0xff, jpegMarkers.endOfImage);
  return [parts[0].writer.taken(), parts[1].writer.taken()];
}

interface Part {
  readonly components: readonly JpegComponent[];
  readonly writer: BitWriter;
}

function largest(components: readonly JpegComponent[], side: "across" | "down"): number {
  return Math.max(...components.map((component) => component[side]));
}

function isNeeded(marker: number): boolean {
  return marker === jpegMarkers.huffmanTables || marker === jpegMarkers.quantizationTables ||
    marker === jpegMarkers.restartInterval;
}

function frameHeader(content: Uint8Array, components: readonly JpegComponent[]): number[] {
  const entries = components.flatMap(({ id, across, down, quantization }) => [id, across * 16 + down, quantization]);
  return [...content.subarray(0, 5), components.length, ...entries];
}

/** Codes are given by how many there are of each length, and by their symbols in increasing order (annex C). */
function readTables(content: Uint8Array, tables: Map<number, CodeTable>): void {
  for (let position = 0; position < content.length;) {
    const name = content[position] ?? 0;
    const counts = content.subarray(position + 1, position + 17);
    position += 17;
    const table = new Uint16Array(65_536);
    let next = 0;
    for (const [index, count] of counts.entries()) {
      const length = index + 1;
      for (let code = 0; code < count; code++) {
        const end = next + 2 ** (16 - length);
        if (end > 65_536 || position >= content.length) throw new Error("its Huffman tables are damaged");
        table.fill(length * 256 + (content[position++] ?? 0), next, end);
        next = end;
      }
    }
    tables.set(name, table);
  }
}

interface SplitState {
  readonly parts: readonly Part[];
  readonly tables: ReadonlyMap<number, CodeTable>;
  readonly restartInterval: number;
}

function copyScan(frame: JpegFrame, header: Uint8Array, scan: Uint8Array, state: SplitState): void {
  const { parts, tables } = state;
  const count = header[0] ?? 0;
  const parameters = header.subarray(1 + 2 * count, 4 + 2 * count);
  const chosen = Array.from({ length: count }, (_, index): ScanComponent => {
    const [id, selected = 0] = header.subarray(1 + 2 * index);
    const component = frame.components.find((candidate) => candidate.id === id);
    if (component === undefined) throw new Error(`a scan names the component ${id}, which the frame has not`);
    return {
      component,
      tables: selected,
      means: tables.get(selected >> 4),
      rest: tables.get(16 + (selected & 15)),
      writers: parts.filter(({ components }) => components.includes(component)).map(({ writer }) => writer),
    };
  });
  for (const { writer } of parts) {
    const kept = chosen.filter(({ writers }) => writers.includes(writer));
    if (kept.length === 0) continue;
    // Alone, a component's blocks stand in another order than among others.
    if (kept.length === 1 && count > 1) throw new Error("unusual scans of its four components");
    const entries = kept.flatMap(({ component, tables: selected }) => [component.id, selected]);
    writer.segment(jpegMarkers.startOfScan, [kept.length, ...entries, ...parameters]);
    if (count === 1) writer.append(scan);
  }
  if (count > 1) copyBlocks(frame, chosen, parameters, scan, state);
}

/** Copies the blocks of an interleaved scan, unit by unit. */
function copyBlocks(
  frame: JpegFrame,
  chosen: readonly ScanComponent[],
  [, , approximation = 0]: Uint8Array,
  scan: Uint8Array,
  { parts, restartInterval }: SplitState,
): void {
  const units = Math.ceil(frame.width / (8 * largest(frame.components, "across"))) *
    Math.ceil(frame.height / (8 * largest(frame.components, "down")));
  const isProgressive = frame.marker === jpegMarkers.progressive;
  const refines = isProgressive && approximation >> 4 > 0;
  const reader = new BitReader(scan);
  for (let unit = 0; unit < units; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      const marker = reader.restart();
      for (const { writer } of parts) writer.endBits(marker);
    }
    for (const { component: { across, down }, means, rest, writers } of chosen) {
      for (let block = 0; block < across * down; block++) {
        if (refines) copyBits(reader, writers, 1);
        else copyMean(reader, means, writers);
        if (!isProgressive) copyRest(reader, rest, writers);
      }
    }
  }
  for (const { writer } of parts) writer.endBits();
}

function copyBits(reader: BitReader, writers: readonly BitWriter[], count: number): void {
  if (count === 0) return;
  const bits = reader.peek() >>> (16 - count);
  reader.skip(count);
  for (const writer of writers) writer.bits(bits, count);
}

function copySymbol(reader: BitReader, table: CodeTable | undefined, writers: readonly BitWriter[]): number {
  const found = table?.[reader.peek()] ?? 0;
  if (found === 0) throw new Error("its codes are damaged");
  copyBits(reader, writers, found >> 8);
  return found & 255;
}

function copyMean(reader: BitReader, table: CodeTable | undefined, writers: readonly BitWriter[]): void {
  copyBits(reader, writers, Math.min(16, copySymbol(reader, table, writers)));
}

/** The other 63 numbers of a block: runs of zeros, each with a number behind it, and a symbol for the end. */
function copyRest(reader: BitReader, table: CodeTable | undefined, writers: readonly BitWriter[]): void {
  for (let index = 1; index < 64; index++) {
    const symbol = copySymbol(reader, table, writers);
    const [run, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && run !== 15) return;
    index += run;
    copyBits(reader, writers, size);
  }
}

/** The bits of a scan, without the zeros that are stuffed behind bytes of ones. */
class BitReader {
  #position = 0;
  #bits = 0;
  #count = 0;
  /** Bits that were made up behind the end of the data. */
  #missing = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** The next 16 bits; ones behind the end. */
  peek(): number {
    while (this.#count < 16) this.#fill();
    return (this.#bits >>> (this.#count - 16)) & 0xffff;
  }

  /** @throws {Error} where there are not as many bits. */
  skip(count: number): void {
    this.#count -= count;
    if (this.#count < this.#missing) throw new Error("its codes end too early");
  }

  /** Goes to the next restart marker and behind it, and returns it. */
  restart(): number {
    this.#count = this.#missing = 0;
    const marker = this.bytes[this.#position + 1] ?? 0;
    if (this.bytes[this.#position] !== 0xff || (marker & 0xf8) !== jpegMarkers.restart) {
      throw new Error("a restart marker is missing");
    }
    this.#position += 2;
    return marker;
  }

  #fill(): void {
    const byte = this.bytes[this.#position];
    const isEnd = byte === undefined || (byte === 0xff && this.bytes[this.#position + 1] !== 0);
    // At most 23 bits are kept, so 32 suffice.
    this.#bits = ((this.#bits << 8) | (isEnd ? 0xff : byte)) >>> 0;
    this.#count += 8;
    if (isEnd) this.#missing += 8;
    else this.#position += byte === 0xff ? 2 : 1;
  }
}

/** The bytes of a file that grows. */
class BitWriter {
  #room = new Uint8Array(65_536);
  #length = 0;
  #bits = 0;
  #count = 0;

  /** Adds bytes as they are. */
  bytes(...bytes: number[]): void {
    this.append(Uint8Array.from(bytes));
  }

  /** Adds a marker with its segment. */
  segment(marker: number, content: ArrayLike<number>): void {
    const length = content.length + 2;
    this.bytes(0xff, marker, length >> 8, length & 255);
    this.append(Uint8Array.from(content));
  }

  /** Adds bytes as they are. */
  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#room.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Adds the lowest `count` bits, at most 16. */
  bits(bits: number, count: number): void {
    this.#bits = ((this.#bits << count) | bits) & 0xff_ffff;
    this.#count += count;
    this.#makeRoom(8);
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = (this.#bits >>> this.#count) & 255;
      this.#room[this.#length++] = byte;
      if (byte === 0xff) this.#room[this.#length++] = 0;
    }
  }

  /** Fills the last byte with ones, and adds a restart marker where one is given. */
  endBits(restart?: number): void {
    if (this.#count > 0) this.bits(2 ** (8 - this.#count) - 1, 8 - this.#count);
    if (restart !== undefined) this.bytes(0xff, restart);
  }

  /** All bytes so far. */
  taken(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#room.length) return;
    const larger = new Uint8Array(2 * (this.#length + more));
    larger.set(this.#room.subarray(0, this.#length));
    this.#room = larger;
  }
}
