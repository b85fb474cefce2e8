/**
 * An assembler of pickles and of PyTorch's files, for files that no PyTorch at hand writes, and for hostile ones.
 *
 * @module
 */

import { f32, joined, type Piece, u16, u32, u64 } from "./files.ts";

/** Opcodes, and values as Python 3 pickles them in protocol 2. */
export const op = {
  proto: (protocol = 2) => [0x80, protocol],
  ...{ stop: ".", mark: "(", none: "N", true: [0x88], false: [0x89], emptyDict: "}", emptyList: "]", emptyTuple: ")" },
  ...{ tuple: "t", tuple1: [0x85], tuple2: [0x86], tuple3: [0x87], append: "a", appends: "e", set: "s", sets: "u" },
  ...{ reduce: "R", build: "b", persistent: "Q", memoize: [0x94], stackGlobal: [0x93] },
  global: (name: string) => {
    const dot = name.lastIndexOf(".");
    return joined("c", name.slice(0, dot), "\n", name.slice(dot + 1), "\n");
  },
  text: (text: string) => joined("X", u32(new TextEncoder().encode(text).length), new TextEncoder().encode(text)),
  shortText: (text: string) => joined([0x8c, text.length], text),
  longText: (text: string) => joined([0x8d], u64(text.length), text),
  /** A text as Python 2 pickles it. */
  string2: (text: string) => joined("U", [text.length], text),
  longString2: (text: string) => joined("T", u32(text.length), text),
  frame: (length: number) => joined([0x95], u64(length)),
  number: (value: number) =>
    value >= 0 && value < 256
      ? joined("K", [value])
      : value >= 0 && value < 65536
      ? joined("M", u16(value))
      : int(value),
  int,
  put: (place: number) => place < 256 ? joined("q", [place]) : joined("r", u32(place)),
  get: (place: number) => place < 256 ? joined("h", [place]) : joined("j", u32(place)),
} as const;

function int(value: number): Uint8Array<ArrayBuffer> {
  return joined("J", u32(value < 0 ? value + 2 ** 32 : value));
}

/** A tuple of values. */
export function tuple(...items: readonly Piece[]): Uint8Array<ArrayBuffer> {
  return joined(op.mark, ...items, op.tuple);
}

/** A call of a global. */
export function call(global: string, ...args: readonly Piece[]): Uint8Array<ArrayBuffer> {
  return joined(op.global(global), tuple(...args), op.reduce);
}

/** An `OrderedDict` of keys and values, as Python 3 pickles it. */
export function orderedDict(...pairs: readonly (readonly [Piece, Piece])[]): Uint8Array<ArrayBuffer> {
  return joined(op.global("collections.OrderedDict"), op.emptyTuple, op.reduce, op.mark, ...pairs.flat(), op.sets);
}

/** A `dict`. */
export function dict(...pairs: readonly (readonly [Piece, Piece])[]): Uint8Array<ArrayBuffer> {
  return joined(op.emptyDict, op.mark, ...pairs.flat(), op.sets);
}

/** The numbers of a tensor's sides or strides. */
export function sides(...numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  return tuple(...numbers.map(op.number));
}

/** Elements that a file has. */
export interface FileStorage {
  readonly key: string;
  readonly count: number;
  /** Default: floats 0, 1, 2, … */
  readonly bytes?: readonly number[];
}

/** Floats 0, 1, 2, … */
export function ramp(count: number): number[] {
  return f32(...Array.from({ length: count }, (_, index) => index));
}

/** A reference to a storage of floats; `view`: the sixth item, which archives have not. */
export function storage(key: string, count: number, options: { readonly view?: Piece | null; type?: string } = {}) {
  const { view = op.none, type = "torch.FloatStorage" } = options;
  const items = [op.text("storage"), op.global(type), op.text(key), op.text("cuda:0"), op.number(count)];
  return joined(tuple(...items, ...(view === null ? [] : [view])), op.persistent);
}

/** A tensor as PyTorch 0.4 and later pickle it. */
export function tensor(
  stored: Piece,
  shape: readonly number[],
  strides: readonly number[],
  offset: Piece = op.number(0),
) {
  const hooks = call("collections.OrderedDict");
  const args = [stored, offset, sides(...shape), sides(...strides), op.false, hooks];
  return call("torch._utils._rebuild_tensor_v2", ...args);
}

/** A pickle of one value. */
export function pickle(value: Piece, protocol = 2): Uint8Array<ArrayBuffer> {
  return joined(op.proto(protocol), value, op.stop);
}

/** What stands in front of the third pickle of a stream. */
const streamStart: Uint8Array<ArrayBuffer> = joined(
  pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
  pickle(op.number(1001)),
  pickle(dict([op.text("protocol_version"), op.number(1001)], [op.text("little_endian"), op.true])),
);

/** Where the value's pickle begins in a stream. */
export const streamValue: number = streamStart.length;

/** A stream of pickles, as PyTorch wrote before 1.6. */
export function stream(value: Piece, storages: readonly FileStorage[] = []): Uint8Array<ArrayBuffer> {
  const keys = joined(op.emptyList, op.mark, ...storages.map(({ key }) => op.text(key)), op.appends);
  return joined(
    ...[streamStart, pickle(value), pickle(keys)],
    ...storages.flatMap(({ key: _, count, bytes = ramp(count) }) => [u64(count), bytes]),
  );
}

/** A member of an archive. */
export interface FileMember {
  readonly name: string;
  readonly bytes: Piece;
  readonly method?: number;
  readonly flags?: number;
}

/** How an archive is written. */
export interface ArchiveOptions {
  /** Whether all sizes and places stand in ZIP64 fields alone. */
  readonly is64?: boolean;
  readonly comment?: string;
  readonly count?: number;
  readonly disk?: number;
}

/** A zip archive whose headers in front of the members have no sizes, as PyTorch writes them. */
export function archive(members: readonly FileMember[], options: ArchiveOptions = {}): Uint8Array<ArrayBuffer> {
  const { is64 = false, comment = "", count = members.length, disk = 0 } = options;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const entries: Uint8Array<ArrayBuffer>[] = [];
  const place = () => chunks.reduce((sum, { length }) => sum + length, 0);
  for (const { name, bytes, method = 0, flags = 8 } of members) {
    const data = joined(bytes);
    const start = place();
    const common = [...u16(flags), ...u16(method), ...u32(0), ...u32(0)];
    // An extra field of 5 bytes makes the data start at an odd place.
    const header = joined("PK\x03\x04", u16(0), common, u32(0), u32(0), u16(name.length), u16(5), name, "FB\x01\x00Z");
    chunks.push(header, data, joined("PK\x07\x08", u32(0), u32(data.length), u32(data.length)));
    const extra = is64
      ? joined("FB", u16(1), "Z", u16(1), u16(24), u64(data.length), u64(data.length), u64(start))
      : [];
    const size = is64 ? u32(2 ** 32 - 1) : u32(data.length);
    entries.push(joined(
      ...["PK\x01\x02", u16(0), u16(0), common, size, size, u16(name.length), u16(extra.length), u16(0), u16(0)],
      ...[u16(0), u32(0), is64 ? u32(2 ** 32 - 1) : u32(start), name, extra],
    ));
  }
  const directory = joined(...entries);
  const start = place();
  const end64 = joined(
    ...["PK\x06\x06", u64(44), u16(0), u16(0), u32(disk), u32(disk), u64(count), u64(count), u64(directory.length)],
    ...[u64(start), "PK\x06\x07", u32(0), u64(start + directory.length), u32(1)],
  );
  const where = is64
    ? [...u16(0xffff), ...u16(0xffff), ...u32(2 ** 32 - 1), ...u32(2 ** 32 - 1)]
    : [...u16(count), ...u16(count), ...u32(directory.length), ...u32(start)];
  return joined(
    ...[...chunks, directory, ...(is64 ? [end64] : []), "PK\x05\x06", u16(disk), u16(disk), where],
    ...[u16(comment.length), comment],
  );
}

/** An archive as PyTorch has written since 1.6. */
export function zip(
  value: Piece,
  storages: readonly FileStorage[] = [],
  more: readonly FileMember[] = [],
  options: ArchiveOptions = {},
): Uint8Array<ArrayBuffer> {
  return archive([
    { name: "archive/data.pkl", bytes: pickle(value) },
    ...storages.map(({ key, count, bytes = ramp(count) }) => ({ name: `archive/data/${key}`, bytes })),
    { name: "archive/version", bytes: "3\n" },
    ...more,
  ], options);
}
