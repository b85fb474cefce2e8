/**
 * Mutants of files: what a bad disk, a bad download, a bad export or a bad person makes of them. Each is a function of
 * a seed and a name, so that it can be made again.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { Random } from "../../src/random.ts";

/** Random numbers one after the other. */
class Draws {
  readonly #random: Random;
  #count = 0;

  constructor(seed: number, name: string) {
    this.#random = new Random(seed, name);
  }

  /** An integer from 0 to `count` − 1. */
  below(count: number): number {
    return Math.min(count - 1, this.#random.integer(count, this.#count++));
  }

  /** One of some things. */
  of<T>(things: readonly [T, ...T[]]): T {
    return things[this.below(things.length)] ?? things[0];
  }
}

/** How the mutants of a format are made, besides the ways of all formats. */
export interface MutationKind {
  /** `json`: also values at places of the content; `text`: also lines. Default: bytes. */
  readonly content?: "json" | "text";
  /** Makes checksums right again, so that what lies behind them is reached. */
  readonly repair?: (bytes: Uint8Array) => void;
}

/** The mutant of one of the files that follows from the seed and the name. */
export function mutant(
  files: readonly [Uint8Array, ...Uint8Array[]],
  seed: number,
  name: string,
  { content, repair }: MutationKind = {},
): Uint8Array {
  const draws = new Draws(seed, name);
  let bytes = Uint8Array.from(draws.of(files));
  if (content !== undefined && draws.below(3) > 0) {
    const text = new TextDecoder().decode(bytes);
    bytes = new TextEncoder().encode(content === "json" ? withOtherValue(text, draws) : withOtherLines(text, draws));
    if (draws.below(2) === 0) return bytes;
  }
  for (let changes = draws.of([1, 1, 1, 2, 4, 16]); changes > 0; changes--) bytes = changed(bytes, files, draws);
  if (repair !== undefined && draws.below(4) > 0) repair(bytes);
  return bytes;
}

/** Numbers at the edges of what fields hold. */
const edges: readonly [number, ...number[]] = [
  ...[0, 1, 2, 3, 4, 7, 8, 16, 32, 64, 127, 128, 254, 255, 256, 257, 1000, 32767, 32768, 65500, 65535, 65536] as const,
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
];

function changed(bytes: Uint8Array<ArrayBuffer>, files: readonly [Uint8Array, ...Uint8Array[]], draws: Draws) {
  if (bytes.length === 0) return Uint8Array.of(draws.below(256));
  // Headers stand at the beginning.
  const place = () => draws.below(draws.below(2) === 0 ? Math.min(bytes.length, 256) : bytes.length);
  const view = new DataView(bytes.buffer);
  const at = place();
  const isLittle = draws.below(2) === 0;
  switch (draws.below(10)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << draws.below(8));
      return bytes;
    case 1:
      bytes[at] = draws.of([0, 1, 0x7f, 0x80, 0xff, draws.below(256)]);
      return bytes;
    case 2:
      if (at + 2 <= bytes.length) view.setUint16(at, draws.of(edges) & 0xffff, isLittle);
      return bytes;
    case 3:
    case 4:
      if (at + 4 <= bytes.length) view.setUint32(at, draws.of(edges), isLittle);
      return bytes;
    case 5:
      return bytes.slice(0, at);
    case 6:
      return joined(bytes, bytes.subarray(at, at + draws.below(300)));
    case 7: {
      // A piece is repeated or left out.
      const length = draws.below(64);
      const other = place();
      return joined(bytes.subarray(0, other), bytes.subarray(at, at + length), bytes.subarray(other + draws.below(32)));
    }
    case 8: {
      const other = draws.of(files);
      return joined(bytes.subarray(0, at), other.subarray(Math.min(at, other.length)));
    }
    default:
      return bytes.fill(draws.below(256), at, at + draws.below(64));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}

/** JSON values that stand where others are expected. */
const strangers: readonly [string, ...string[]] = [
  ...["null", "true", "-1", "0", "0.5", "1e308", "9007199254740993", "255", "256", '""', '"a"', "[]", "{}"] as const,
  ...['"\\u001b[31m\\u0000"', '"../../x"', '"__proto__"', "[[[[[[]]]]]]", `"${"x".repeat(2000)}"`],
  ...[`[${"1,".repeat(999)}1]`, '{"constructor": 1, "toString": 2}'],
];

/** A JSON text with another value at one place, or with a key left out, twice, or under another name. */
function withOtherValue(text: string, draws: Draws): string {
  const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\[|\{/g)];
  const chosen = values[draws.below(Math.max(1, values.length))];
  if (chosen === undefined) return draws.of(strangers);
  const [token] = chosen;
  const end = chosen.index + token.length;
  const isKey = /^\s*:/.test(text.slice(end));
  // A name twice: the text from this key to the next comma is repeated.
  if (isKey && draws.below(3) === 0) {
    const comma = text.indexOf(",", end);
    const entry = text.slice(chosen.index, comma < 0 ? end : comma);
    return `${text.slice(0, chosen.index)}${entry},${text.slice(chosen.index)}`;
  }
  return `${text.slice(0, chosen.index)}${isKey ? '"other"' : draws.of(strangers)}${text.slice(end)}`;
}

/** A text with a line left out, twice, indented, or with another value behind its colon. */
function withOtherLines(text: string, draws: Draws): string {
  const lines = text.split("\n");
  const at = draws.below(lines.length);
  const line = lines[at] ?? "";
  const other = draws.of([
    [],
    [line, line],
    [`  ${line}`],
    [line.replace(/:.*/, `: ${draws.of(strangers)}`)],
    [line.replace(/:.*/, ": &a [*a, *a]")],
    [line.replace(/:.*/, ": !!binary x")],
  ]);
  lines.splice(at, 1, ...other);
  return lines.join("\n");
}

/** Makes the checksums of a PNG file's chunks right. */
export function repairPng(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let place = 8; place + 12 <= bytes.length;) {
    const length = view.getUint32(place);
    const end = place + 8 + length;
    if (end + 4 > bytes.length) return;
    view.setUint32(end, crc32(bytes.subarray(place + 4, end)));
    place = end + 4;
  }
}
