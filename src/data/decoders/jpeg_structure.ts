/**
 * A walk over the markers of a JPEG file. It tells the size of the image and its orientation, whether the file is whole,
 * and whether it can hold what it claims. Decoders fill the missing part of a file that was cut short with grey and say
 * nothing, so this is checked here. No pixel is decoded.
 *
 * Source: ITU-T T.81, annex B; for EXIF data CIPA DC-008, 4.5.4.
 *
 * @module
 */

import { exifOrientation, type Orientation } from "./exif.ts";
import { beginsWith, FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";

/** A component of the image, such as its brightness. */
export interface JpegComponent {
  readonly id: number;
  /** Blocks of a unit of an interleaved scan: side by side, and below each other. */
  readonly across: number;
  readonly down: number;
  readonly quantization: number;
}

/** What a frame header says. */
export interface JpegFrame {
  /** The marker that begins it, which names the coding. */
  readonly marker: number;
  readonly height: number;
  readonly width: number;
  readonly components: readonly JpegComponent[];
}

/** A marker with its segment. */
export interface JpegSegment {
  readonly marker: number;
  /** What follows the segment's length. */
  readonly content: Uint8Array;
  /** The entropy-coded bytes after a start of scan; empty after other segments. */
  readonly scan: Uint8Array;
}

/** Markers by their names in the standard. */
export const jpegMarkers = {
  progressive: 0xc2,
  huffmanTables: 0xc4,
  restart: 0xd0,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  quantizationTables: 0xdb,
  restartInterval: 0xdd,
  app1: 0xe1,
  app14: 0xee,
} as const;

/** The most scans of a file. Encoders write about ten; each is a pass over the whole image. */
const mostScans = 100;

/**
 * The size and orientation of a JPEG image. `bytes` may be only the beginning of the file.
 *
 * @throws {Error} where its coding is not read.
 */
export function jpegHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "JPEG");
  let frame: JpegFrame | null = null;
  let orientation: Orientation = 1;
  for (const { marker, content } of segments(file)) {
    if (marker === jpegMarkers.startOfScan) break;
    if (marker === jpegMarkers.app1 && beginsWith(content, [0x45, 0x78, 0x69, 0x66, 0, 0])) {
      orientation = exifOrientation(content);
    }
    if (isFrameHeader(marker)) frame = frameOf(file, marker, content);
  }
  if (frame === null) throw file.damaged("it has no frame header");
  requireDecodable(file, frame);
  return { kind: "JPEG", stored: { height: frame.height, width: frame.width }, orientation };
}

/**
 * Makes sure that a JPEG file is whole and can be decoded at a cost that its size explains.
 *
 * @throws {Error} where the file ends before its end-of-image marker, something else than a marker follows a segment,
 * its coding is not read, or it is too short for its header.
 */
export function inspectJpeg(bytes: Uint8Array, path: string): { frame: JpegFrame; segments: JpegSegment[] } {
  const file = new FileBytes(bytes, path, "JPEG");
  let frame: JpegFrame | null = null;
  let scans = 0;
  const found: JpegSegment[] = [];
  for (const segment of segments(file)) {
    found.push(segment);
    if (isFrameHeader(segment.marker)) {
      if (frame !== null) throw file.unread("it holds several frames", "Save it again as an ordinary JPEG");
      frame = frameOf(file, segment.marker, segment.content);
    }
    if (segment.marker === jpegMarkers.startOfScan) scans++;
  }
  if (frame === null || scans === 0) throw file.damaged("it has no frame header or no scan");
  requireDecodable(file, frame);
  if (scans > mostScans) throw file.unread(`it has ${scans} scans, at most ${mostScans} are read`, "Save it again");
  const needed = fewestBytes(frame);
  if (bytes.length < needed) {
    throw file.damaged(`its ${bytes.length} bytes are too few for ${frame.height}×${frame.width} pixels`);
  }
  return { frame, segments: found };
}

/** The segments up to the end of the image, each looked at when its turn comes. */
function* segments(file: FileBytes): Generator<JpegSegment> {
  for (let position = 2;;) {
    if (file.uint8(position) !== 0xff) throw file.damaged(`there is no marker at byte ${position}`);
    const marker = file.uint8(position + 1);
    if (marker === jpegMarkers.endOfImage) return;
    if (marker === 0xff) {
      position += 1; // fill byte
      continue;
    }
    if (isBare(marker)) {
      position += 2;
      continue;
    }
    const length = file.uint16(position + 2);
    if (length < 2) throw file.damaged(`the segment at byte ${position} has a length of ${length}`);
    const content = file.slice(position + 4, length - 2);
    const end = position + 2 + length;
    const next = marker === jpegMarkers.startOfScan ? scanEnd(file.bytes, end) : end;
    yield { marker, content, scan: file.bytes.subarray(end, next) };
    position = next;
  }
}

/** Markers without a length: restart markers, start of image, TEM. */
function isBare(marker: number): boolean {
  return (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
}

/** SOF0 to SOF15, without the Huffman (C4), arithmetic (CC) and reserved (C8) markers among them. */
export function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function frameOf(file: FileBytes, marker: number, content: Uint8Array): JpegFrame {
  const [precision = 0, heightHigh = 0, heightLow = 0, widthHigh = 0, widthLow = 0, count = 0] = content;
  if (content.length < 6 + 3 * count) throw file.damaged("its frame header is cut short");
  if (precision !== 8) {
    throw file.unread(`it is a JPEG of ${precision} bits, expected 8`, "Convert it to 8 bits per channel");
  }
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, sampling = 0, quantization = 0] = content.subarray(6 + 3 * index);
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) {
      throw file.damaged(`a component has the sampling ${across}×${down}, which the format does not know`);
    }
    return { id, across, down, quantization };
  });
  return { marker, height: heightHigh * 256 + heightLow, width: widthHigh * 256 + widthLow, components };
}

function requireDecodable(file: FileBytes, { marker, components }: JpegFrame): void {
  const remedy = "Save it again as a baseline JPEG or as PNG";
  if (marker === 0xc3) throw file.unread("it is a lossless JPEG, which is not read", remedy);
  if (marker >= 0xc9) throw file.unread("it is an arithmetic-coded JPEG, which is not read", remedy);
  if (marker >= 0xc5) throw file.unread("it is a hierarchical JPEG, which is not read", remedy);
  if (![1, 3, 4].includes(components.length)) {
    throw file.unread(`it is a JPEG of ${components.length} components, expected 1, 3 or 4`, remedy);
  }
}

/**
 * The fewest bytes that a file of this size can have. A block takes two bits at least: a code for its mean, and one for
 * the end of the rest. In a progressive file one code may end thousands of blocks, and only the means are certain.
 */
function fewestBytes(frame: JpegFrame): number {
  return Math.floor(blocksOf(frame) * (frame.marker === jpegMarkers.progressive ? 1 : 2) / 8);
}

/** Blocks of 8×8 samples of all components. */
export function blocksOf({ height, width, components }: JpegFrame): number {
  const across = Math.max(...components.map((component) => component.across));
  const down = Math.max(...components.map((component) => component.down));
  return components.reduce(
    (sum, component) =>
      sum + Math.ceil(width * component.across / (8 * across)) * Math.ceil(height * component.down / (8 * down)),
    0,
  );
}

/** The position of the first marker after entropy-coded data that is neither a stuffed zero nor a restart. */
function scanEnd(bytes: Uint8Array, start: number): number {
  let position = start;
  while (position + 1 < bytes.length) {
    position = bytes.indexOf(0xff, position);
    if (position < 0) return bytes.length;
    const next = bytes[position + 1] ?? 0;
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return position;
    position += 2;
  }
  return bytes.length;
}
