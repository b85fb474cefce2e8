/**
 * The numbers in the bytes of a file, or of its beginning. Every read is checked against the end, so that no decoder
 * goes on with bytes that are not there.
 *
 * @module
 */

/**
 * The bytes end before what was looked for. Where they are only the beginning of a file, more of it may serve; where
 * they are all of it, the message is the sentence to show.
 */
export class MoreBytesError extends Error {
  /** Name of the class, for messages. */
  override name = "MoreBytesError";

  /** Takes the message and how many bytes, from the beginning of the file, are needed for the next look. */
  constructor(message: string, readonly wanted: number) {
    super(message);
  }
}

/** The bytes of a file of one kind, read as numbers. */
export class FileBytes {
  readonly #view: DataView;

  /**
   * @param path what messages call the file.
   * @param what its kind, as messages say it: `PNG`.
   * @param littleEndian the order of the bytes of a number.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly path: string,
    readonly what: string,
    readonly littleEndian = false,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.bytes.length;
  }

  /** @throws {MoreBytesError} unless there are `count` bytes from `position` on. */
  need(position: number, count: number): void {
    if (position + count <= this.bytes.length) return;
    throw new MoreBytesError(
      `Cannot read ${this.path}: the ${this.what} file is cut short after ${this.bytes.length} bytes. Copy it again`,
      position + count,
    );
  }

  /** The byte at a position. */
  uint8(position: number): number {
    this.need(position, 1);
    return this.#view.getUint8(position);
  }

  /** Two bytes. */
  uint16(position: number): number {
    this.need(position, 2);
    return this.#view.getUint16(position, this.littleEndian);
  }

  /** Four bytes. */
  uint32(position: number): number {
    this.need(position, 4);
    return this.#view.getUint32(position, this.littleEndian);
  }

  /** Four bytes with a sign. */
  int32(position: number): number {
    this.need(position, 4);
    return this.#view.getInt32(position, this.littleEndian);
  }

  /** `count` bytes as Latin letters. */
  text(position: number, count: number): string {
    return String.fromCharCode(...this.slice(position, count));
  }

  /** `count` bytes, not copied. */
  slice(position: number, count: number): Uint8Array {
    this.need(position, count);
    return this.bytes.subarray(position, position + count);
  }

  /** The error of a file whose content is wrong. `detail` is the end of a sentence. */
  damaged(detail: string): Error {
    return new Error(`Cannot read ${this.path}: the ${this.what} file is damaged (${detail}). Copy it again`);
  }

  /** The error of a file that is sound, but of a form that is not read. `found` is a noun, `remedy` what to do. */
  unread(found: string, remedy: string): Error {
    return new Error(`Cannot read ${this.path}: ${found}. ${remedy}`);
  }
}

/** Whether bytes begin with those of a signature. */
export function beginsWith(bytes: Uint8Array, signature: readonly number[], at = 0): boolean {
  return signature.every((byte, index) => bytes[at + index] === byte);
}
