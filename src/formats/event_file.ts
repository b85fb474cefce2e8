/**
 * TensorBoard's event files as bytes: a row of records, each of which is an `Event` in protocol buffers' encoding.
 *
 * A record is the length of its data (u64), the masked CRC-32C of these eight bytes, the data, and the masked CRC-32C of
 * the data, all little endian. Source: `tensorflow/core/lib/io/record_writer.h`, `tensorflow/core/util/event.proto` and
 * `tensorflow/core/framework/summary.proto` of TensorFlow.
 *
 * @module
 */

/** A figure or a picture of an event. */
export type EventValue =
  | { readonly tag: string; readonly value: number }
  | { readonly tag: string; readonly image: EventImage };

/** A picture of an event. */
export interface EventImage {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The bytes of a PNG or a JPEG of three channels. */
  readonly bytes: Uint8Array;
}

/** What happened at one step. */
export interface LoggedEvent {
  /** When, in seconds since 1970. */
  readonly time: number;
  /** The step, a whole number from 0. */
  readonly step: number;
  /** Figures and pictures. */
  readonly values: readonly EventValue[];
}

/**
 * The bytes of an event file.
 *
 * @param time of its first record, which names the format, in seconds since 1970.
 */
export function writeEventFile(time: number, events: readonly LoggedEvent[]): Uint8Array<ArrayBuffer> {
  const header = joined([double(1, time), text(3, "brain.Event:2")]);
  const records = [header, ...events.map(eventBytes)].map(record);
  return joined(records);
}

function eventBytes({ time, step, values }: LoggedEvent): Uint8Array {
  const summary = values.map((value) => field(1, valueBytes(value)));
  return joined([double(1, time), integer(2, step), field(5, joined(summary))]);
}

/** A `Summary.Value`: 1 the tag, 2 a float, 4 an image (1 rows, 2 columns, 3 channels, 4 the file's bytes). */
function valueBytes(value: EventValue): Uint8Array {
  if ("value" in value) return joined([text(1, value.tag), float(2, value.value)]);
  const { height, width, bytes } = value.image;
  const image = joined([integer(1, height), integer(2, width), integer(3, 3), field(4, bytes)]);
  return joined([text(1, value.tag), field(4, image)]);
}

/** A record with its length and its two checks. */
function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return joined([length, check(length), data, check(data)]);
}

/** The masked check of some bytes: rotated to the right by 15 bits, plus a constant. */
function check(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const result = new Uint8Array(4);
  new DataView(result.buffer).setUint32(0, ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0, true);
  return result;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? value >>> 1 ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli) of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crc >>> 8 ^ (table[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A field of a number: whole ones as a varint. */
function integer(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number << 3), ...varint(value)]);
}

function double(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joined([Uint8Array.from(varint(number << 3 | 1)), bytes]);
}

function float(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined([Uint8Array.from(varint(number << 3 | 5)), bytes]);
}

function text(number: number, value: string): Uint8Array {
  return field(number, new TextEncoder().encode(value));
}

/** A field of bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return joined([Uint8Array.from([...varint(number << 3 | 2), ...varint(bytes.length)]), bytes]);
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    result.set(part, place);
    place += part.length;
  }
  return result;
}
