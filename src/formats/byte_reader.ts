/**
 * Reading the bytes of a file from front to back. What goes past the end becomes a sentence with the place.
 *
 * @module
 */

/** A place in the bytes of a file, from which numbers are read and which moves on. All numbers are little-endian. */
export class ByteReader {
  /** The byte that is read next, counted from the start of the file. */
  place: number;
  readonly #view: DataView;

  /**
   * Reads a part of a file.
   *
   * @param source the file's name, for messages.
   * @param part where the part begins and ends; default: the whole file.
   */
  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly source: string,
    readonly part: { readonly start: number; readonly end: number } = { start: 0, end: bytes.length },
  ) {
    this.place = part.start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.part.end - this.place;
  }

  /** An error that says what was found at a place; default: the place that is read next. */
  error(found: string, place: number = this.place): Error {
    return new Error(`Cannot read ${this.source}: at byte ${place}, ${found}`);
  }

  /**
   * Moves over `count` bytes that hold `what`.
   *
   * @returns where they begin.
   * @throws {Error} where so many bytes are not left.
   */
  skip(count: number, what: string): number {
    if (count > this.left) {
      throw this.error(`${what} takes ${count} bytes, ${this.left} are left. The file was cut off or is damaged`);
    }
    const start = this.place;
    this.place += count;
    return start;
  }

  /** The next bytes, which are not copied. */
  take(count: number, what: string): Uint8Array<ArrayBuffer> {
    const start = this.skip(count, what);
    return this.bytes.subarray(start, start + count);
  }

  /** An integer of 8 bits from 0 up. */
  u8(what: string): number {
    return this.#view.getUint8(this.skip(1, what));
  }

  /** An integer of 16 bits from 0 up. */
  u16(what: string): number {
    return this.#view.getUint16(this.skip(2, what), true);
  }

  /** An integer of 32 bits from 0 up. */
  u32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  /** An integer of 32 bits. */
  i32(what: string): number {
    return this.#view.getInt32(this.skip(4, what), true);
  }

  /** An integer of 64 bits from 0 up. Above 2^53 it is not exact, but it is no count or place of any file. */
  u64(what: string): number {
    return Number(this.#view.getBigUint64(this.skip(8, what), true));
  }

  /** An integer of 64 bits. Beyond ±2^53 it is not exact. */
  i64(what: string): number {
    return Number(this.#view.getBigInt64(this.skip(8, what), true));
  }

  /** A float of 64 bits whose first byte is the highest. */
  bigEndianF64(what: string): number {
    return this.#view.getFloat64(this.skip(8, what), false);
  }

  /** A UTF-8 text of `count` bytes. */
  text(count: number, what: string): string {
    const start = this.place;
    const bytes = this.take(count, what);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.error(`${what} is no UTF-8 text`, start);
    }
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
