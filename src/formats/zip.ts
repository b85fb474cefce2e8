/**
 * Zip archives of members that are stored as they are, as PyTorch writes them. Only the directory at the end counts:
 * the headers in front of the members may lack their sizes.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3 (ZIP64).
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import { shortText } from "./validation.ts";

/** A member of an archive, as the directory describes it. */
export interface ZipMember {
  /** Its name, folders included. */
  readonly name: string;
  /** Its bytes when unpacked. */
  readonly size: number;
  /** Why its bytes cannot be taken where they lie; `null` where they can. */
  readonly problem: string | null;
  /** Where its header begins. */
  readonly header: number;
}

/** A part of a file, from `start` to before `end`. */
export interface FilePart {
  readonly start: number;
  readonly end: number;
}

const signatures = { member: 0x04034b50, entry: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50 };
const sizes = { member: 30, entry: 46, end: 22, end64: 56, locator: 20 };
const maxComment = 65535;
/** More members than any checkpoint has. */
const maxMembers = 100_000;
/** In a field of 32 bits: the value stands in the ZIP64 field. */
const in64 = 0xffffffff;

/** Whether a file begins as zip archives do. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 3, 4].every((byte, index) => bytes[index] === byte);
}

/**
 * The members of an archive by name, folders left out.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file, the byte and what was found there: also names that occur twice.
 */
export function readZip(bytes: Uint8Array<ArrayBuffer>, source: string): ReadonlyMap<string, ZipMember> {
  const directory = findDirectory(bytes, source);
  const reader = new ByteReader(bytes, source, { start: directory.start, end: directory.start + directory.size });
  const members = new Map<string, ZipMember>();
  for (let index = 0; index < directory.count; index++) {
    const place = reader.place;
    const member = readEntry(reader);
    if (members.has(member.name)) throw reader.error(`the member ${shortText(member.name)} occurs twice`, place);
    if (!member.name.endsWith("/") || member.size > 0) members.set(member.name, member);
  }
  return members;
}

interface Directory {
  readonly start: number;
  readonly size: number;
  readonly count: number;
}

function findDirectory(bytes: Uint8Array<ArrayBuffer>, source: string): Directory {
  const whole = new ByteReader(bytes, source);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = Math.max(0, bytes.length - sizes.end - maxComment);
  let place = bytes.length - sizes.end;
  const isEnd = () =>
    view.getUint32(place, true) === signatures.end &&
    place + sizes.end + view.getUint16(place + 20, true) === bytes.length;
  while (place >= first && !isEnd()) place--;
  if (place < first) throw whole.error("the zip archive's directory is missing. The file was cut off", bytes.length);
  const end = new ByteReader(bytes, source, { start: place + 4, end: bytes.length });
  const disks = [end.u16("a disk"), end.u16("a disk")];
  const counts = [end.u16("a count"), end.u16("a count")];
  const [size, start] = [end.u32("the directory's size"), end.u32("the directory's place")];
  const needs64 = counts.includes(0xffff) || disks.includes(0xffff) || size === in64 || start === in64;
  const found = needs64 ? readEnd64(bytes, source, place) : { disks, counts, size, start };
  const [count = 0, countHere] = found.counts;
  if (found.disks.some((disk) => disk !== 0) || count !== countHere) {
    throw whole.error("the zip archive is one of several parts", place);
  }
  if (found.start + found.size > place || count > maxMembers || count * sizes.entry > found.size) {
    throw whole.error(
      `the zip archive's directory of ${count} members takes ${found.size} bytes from byte ${found.start} on, ` +
        "which do not lie in front of its end. The file is damaged",
      place,
    );
  }
  return { start: found.start, size: found.size, count };
}

/** What the larger record at the end says, which a locator in front of the smaller one points to. */
function readEnd64(bytes: Uint8Array<ArrayBuffer>, source: string, endPlace: number) {
  const locator = new ByteReader(bytes, source, { start: Math.max(0, endPlace - sizes.locator), end: endPlace });
  if (endPlace < sizes.locator || locator.u32("the ZIP64 locator") !== signatures.locator) {
    throw locator.error("the zip archive's ZIP64 locator is missing", endPlace);
  }
  locator.skip(4, "a disk");
  const place = locator.u64("the place of the ZIP64 record");
  if (place + sizes.end64 > endPlace) throw locator.error(`the ZIP64 record is said to be at byte ${place}`);
  const record = new ByteReader(bytes, source, { start: place, end: endPlace });
  if (record.u32("the ZIP64 record") !== signatures.end64) throw record.error("the ZIP64 record is missing", place);
  record.skip(12, "versions");
  return {
    disks: [record.u32("a disk"), record.u32("a disk")],
    counts: [record.u64("a count"), record.u64("a count")],
    size: record.u64("the directory's size"),
    start: record.u64("the directory's place"),
  };
}

/** The member that an entry of the directory describes. */
function readEntry(reader: ByteReader): ZipMember {
  const place = reader.place;
  if (reader.u32("an entry") !== signatures.entry) throw reader.error("no entry of the directory begins", place);
  reader.skip(4, "versions");
  const flags = reader.u16("flags");
  const method = reader.u16("a method");
  reader.skip(8, "a time and a checksum");
  const stored = reader.u32("a size");
  const plain = reader.u32("a size");
  const lengths = { name: reader.u16("a length"), extra: reader.u16("a length"), comment: reader.u16("a length") };
  const disk = reader.u16("a disk");
  reader.skip(6, "attributes");
  const header = reader.u32("a place");
  const name = reader.text(lengths.name, "a member's name");
  const extra = new ByteReader(reader.bytes, reader.source, {
    start: reader.skip(lengths.extra, "an extra field"),
    end: reader.place,
  });
  reader.skip(lengths.comment, "a comment");
  const [size, packed, at] = in64Fields(extra, [plain, stored, header]);
  return { name, size, problem: problemOf({ flags, method, disk, size, packed }), header: at };
}

function problemOf(
  { flags, method, disk, size, packed }: Readonly<Record<"flags" | "method" | "disk" | "size" | "packed", number>>,
): string | null {
  if ((flags & 1) !== 0) return "is encrypted";
  if (method !== 0) return `is compressed (method ${method}), which PyTorch's are not. Save the file anew`;
  if (disk !== 0) return "lies in another part of the archive";
  return size === packed ? null : `has ${size} bytes, stored are ${packed}`;
}

/** The fields, with their values of 64 bits where those of 32 say that these are to be taken. */
function in64Fields(extra: ByteReader, fields: readonly [number, number, number]): readonly [number, number, number] {
  if (!fields.includes(in64)) return fields;
  while (extra.left >= 4) {
    const [id, length] = [extra.u16("an extra field"), extra.u16("an extra field")];
    const start = extra.skip(length, "an extra field");
    if (id !== 1) continue;
    const values = new ByteReader(extra.bytes, extra.source, { start, end: start + length });
    const [size, packed, at] = fields;
    const value = (field: number) => field === in64 ? values.u64("a ZIP64 field") : field;
    return [value(size), value(packed), value(at)];
  }
  throw extra.error("an entry of the directory lacks its ZIP64 field");
}

/**
 * Where a member's bytes lie: behind a header whose lengths are its own. Its checksum is not compared: PyTorch can be
 * told to write none.
 *
 * @param source the file's name, for messages.
 * @throws {Error} where they are compressed or encrypted, or do not lie in the file.
 */
export function memberPart(bytes: Uint8Array<ArrayBuffer>, source: string, member: ZipMember): FilePart {
  const { name, size, problem, header } = member;
  const reader = new ByteReader(bytes, source, { start: Math.min(header, bytes.length), end: bytes.length });
  const what = `the header of the member ${shortText(name)}`;
  if (problem !== null) throw reader.error(`the member ${shortText(name)} ${problem}`);
  if (reader.left < sizes.member || reader.u32(what) !== signatures.member) {
    throw reader.error(`${what} is missing`, header);
  }
  reader.skip(22, what);
  const lengths = { name: reader.u16(what), extra: reader.u16(what) };
  if (reader.text(lengths.name, what) !== name) throw reader.error(`${what} has another name`, header);
  reader.skip(lengths.extra, what);
  const start = reader.skip(size, `the member ${shortText(name)}`);
  return { start, end: start + size };
}
