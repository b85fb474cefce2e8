/**
 * PyTorch's files of tensors (`.pth`, `.pt`, `.th`): zip archives since 1.6, streams of pickles before. Read without
 * executing anything (`pickle.ts`, `torch_values.ts`).
 *
 * Source: `torch/serialization.py` (`_save`, `_load`, `_legacy_save`, `_legacy_load`) of
 * <https://github.com/pytorch/pytorch>.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import { readPickle } from "./pickle.ts";
import { PickleMemory } from "./pickle_machine.ts";
import { kindOf, PickleList, PickleMap, type PickleValue } from "./pickle_values.ts";
import { stateDict } from "./state_dict.ts";
import { elementBytes, elementCount, type ForeignTensors, type StoredTensor, storedTensor } from "./stored_tensor.ts";
import { torchRules, type TorchStorage, type TorchTensor } from "./torch_values.ts";
import { shortText } from "./validation.ts";
import { type FilePart, isZip, memberPart, readZip } from "./zip.ts";

/** LONG1 of the magic number 0x1950a86a20f9469cfc6c, then STOP: the first pickle of a stream without what opens it. */
const streamMagic: readonly number[] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const streamProtocol = 1001;
/** Where a tar archive says that it is one. */
const tarPlace = 257;

/**
 * Whether a file begins as PyTorch's do: as a zip archive, a pickle or a tar archive. A safetensors file may begin as a
 * pickle, so ask for that first.
 */
export function isTorch(bytes: Uint8Array): boolean {
  const isPickle = bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5;
  return isZip(bytes) || isPickle || isTar(bytes);
}

function isTar(bytes: Uint8Array): boolean {
  return [..."ustar"].every((letter, index) => bytes[tarPlace + index] === letter.charCodeAt(0));
}

/**
 * Reads a file of `torch.save`: a dictionary of tensors, or one that holds such a dictionary under a usual name
 * (`state_dict.ts`). Tensors that share elements, that are transposed or sliced, are given with elements of their own.
 *
 * Values of pickles take no more memory than the file and 32 MiB. Elements are looked at when they are asked for; all of
 * them together take no more than twice the file and 16 MiB.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file, the byte and what was found there.
 */
export function readTorch(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  if (isZip(bytes)) return readArchive(bytes, source);
  if (isTar(bytes)) {
    throw new Error(
      `Cannot read ${source}: at byte ${tarPlace}, it is a tar archive, as PyTorch wrote before 2017. In Python, ` +
        'torch.save(torch.load("OLD", map_location="cpu", weights_only=False), "NEW.pth") rewrites it if you trust it',
    );
  }
  return readStream(bytes, source);
}

/** The part of a file that a storage's elements take. */
type Places = ReadonlyMap<string, FilePart>;

function readArchive(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  const members = readZip(bytes, source);
  const stems = [...members.keys()].flatMap((name) => /^([^/]*)\/data\.pkl$/.exec(name)?.[1] ?? []);
  const script = [...members.values()].find(({ name }) => /^[^/]*\/(?:code\/|constants\.pkl$)/.test(name));
  if (script !== undefined) {
    throw new Error(
      `Cannot read ${source}: at byte ${script.header}, it holds ${shortText(script.name)}, so it is a program of ` +
        "TorchScript, of which nothing is read. In Python, torch.save(torch.jit.load(FILE).state_dict(), NEW) takes " +
        "the tensors out",
    );
  }
  const [stem] = stems;
  if (stem === undefined || stems.length > 1) {
    throw new Error(
      `Cannot read ${source}: it is a zip archive with ${stems.length} members data.pkl, a PyTorch file has one`,
    );
  }
  const parts = new Map([...members.values()].map((member) => [member.name, memberPart(bytes, source, member)]));
  const order = parts.get(`${stem}/byteorder`);
  if (order !== undefined) checkByteOrder(new ByteReader(bytes, source, order));
  const storages = new Map<string, TorchStorage>();
  const reader = new ByteReader(bytes, source, parts.get(`${stem}/data.pkl`));
  const root = readPickle(reader, torchRules(storages, "zip"), new PickleMemory(bytes.length));
  if (reader.left > 0) throw reader.error(`${reader.left} bytes follow the pickle`);
  const places = new Map<string, FilePart>();
  for (const { key, dtype, count } of storages.values()) {
    const part = parts.get(`${stem}/data/${key}`);
    if (part === undefined) throw new Error(`Cannot read ${source}: the storage ${shortText(key)} is missing`);
    const wanted = count * elementBytes(dtype);
    const size = part.end - part.start;
    if (size !== wanted) {
      throw reader.error(`the storage ${shortText(key)} takes ${wanted} bytes, its member has ${size}`, part.start);
    }
    places.set(key, part);
  }
  return tensorsOf(root, { bytes, source, places, container: "PyTorch zip" });
}

function checkByteOrder(reader: ByteReader): void {
  const order = reader.left > 16 ? "" : reader.text(reader.left, "the byte order");
  if (order !== "little") throw reader.error(`the byte order is ${shortText(order)}, expected "little"`);
}

/** Five pickles, then for each storage its number of elements and its elements. */
function readStream(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  const reader = new ByteReader(bytes, source);
  reader.skip(2, "the protocol");
  // Since protocol 4, a frame's length may follow.
  if (bytes[reader.place] === 0x95) reader.skip(9, "a frame");
  const magic = reader.take(Math.min(streamMagic.length, reader.left), "the magic number");
  if (!streamMagic.every((byte, index) => magic[index] === byte)) {
    throw reader.error("a Python pickle begins that torch.save did not write", 0);
  }
  const storages = new Map<string, TorchStorage>();
  const rules = torchRules(storages, "stream");
  const memory = new PickleMemory(bytes.length);
  const start = reader.place;
  const protocol = readPickle(reader, rules, memory);
  if (protocol !== streamProtocol) throw reader.error(`the protocol is ${kindOf(protocol)}, expected 1001`, start);
  const system = readPickle(reader, rules, memory);
  const isLittle = system instanceof PickleMap && system.entries.get("little_endian");
  if (isLittle !== true) throw reader.error("the file is not said to be little-endian", start);
  const root = readPickle(reader, rules, memory);
  const keysStart = reader.place;
  const keys = readPickle(reader, rules, memory);
  if (!(keys instanceof PickleList)) throw reader.error(`the list of storages is ${kindOf(keys)}`, keysStart);
  const places = readStorages(reader, keys.items, storages);
  if (reader.left > 0) throw reader.error(`${reader.left} bytes follow the last storage. Something was appended`);
  return tensorsOf(root, { bytes, source, places, container: "PyTorch pickle stream" });
}

function readStorages(
  reader: ByteReader,
  keys: readonly PickleValue[],
  storages: ReadonlyMap<string, TorchStorage>,
): Places {
  const places = new Map<string, FilePart>();
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key)) {
      const name = typeof key === "string" ? shortText(key) : kindOf(key);
      throw reader.error(`the storage ${name} follows, which is ${storage ? "there already" : "no tensor's"}`);
    }
    const what = `the storage ${shortText(storage.key)}`;
    const count = reader.i64(`the number of elements of ${what}`);
    if (count !== storage.count) {
      throw reader.error(`${what} has ${count} elements, expected ${storage.count}`, reader.place - 8);
    }
    const byteLength = count * elementBytes(storage.dtype);
    const start = reader.skip(byteLength, what);
    places.set(storage.key, { start, end: start + byteLength });
  }
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw reader.error(`the storage ${shortText(missing)} does not follow`);
  return places;
}

interface TorchFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly source: string;
  readonly places: Places;
  readonly container: string;
}

function tensorsOf(root: PickleValue, file: TorchFile): ForeignTensors {
  const { bytes, source, container } = file;
  const { tensors, note } = stateDict(root, source);
  // Tensors may share elements, and with strides of 0 an element may occur any number of times.
  const total = [...tensors.values()].reduce((sum, tensor) => sum + byteLengthOf(tensor), 0);
  const most = 2 * bytes.length + 16 * 2 ** 20;
  if (!(total <= most)) {
    throw new Error(
      `Cannot read ${source}: its tensors take ${total} bytes in all, since they share elements; ` +
        `for a file of ${bytes.length} bytes ${most} are read`,
    );
  }
  const stored = [...tensors].map(([name, tensor]): [string, StoredTensor] => [name, storedOf(name, tensor, file)]);
  return { container, tensors: new Map(stored), metadata: {}, ...(note === undefined ? {} : { note }) };
}

function byteLengthOf({ shape, storage }: TorchTensor): number {
  return elementCount(shape) * elementBytes(storage.dtype);
}

function storedOf(name: string, tensor: TorchTensor, { bytes, source, places }: TorchFile): StoredTensor {
  const { shape, storage } = tensor;
  return storedTensor({
    ...{ shape, dtype: storage.dtype, where: `Cannot read ${source}: tensor ${shortText(name)}` },
    bytes: () => {
      const place = places.get(storage.key);
      if (place === undefined) {
        throw new Error(`Cannot read ${source}: the storage ${shortText(storage.key)} is missing`);
      }
      return gathered(bytes.subarray(place.start, place.end), tensor);
    },
  });
}

/** The elements of a tensor row by row: a part of the storage where they lie so, else a copy. */
function gathered(storage: Uint8Array<ArrayBuffer>, tensor: TorchTensor): Uint8Array<ArrayBuffer> {
  const { offset, shape, strides } = tensor;
  const width = elementBytes(tensor.storage.dtype);
  const length = byteLengthOf(tensor);
  if (length === 0) return storage.subarray(0, 0);
  if (isInOrder(shape, strides)) return storage.subarray(offset * width, offset * width + length);
  const result = new Uint8Array(length);
  const place = shape.map(() => 0);
  let from = offset * width;
  for (let to = 0; to < length; to += width) {
    for (let byte = 0; byte < width; byte++) result[to + byte] = storage[from + byte] ?? 0;
    // The next place: the last side that is not at its end moves on, those behind it go back to 0.
    for (let side = shape.length - 1; side >= 0; side--) {
      const step = (strides[side] ?? 0) * width;
      const next = (place[side] ?? 0) + 1;
      if (next < (shape[side] ?? 0)) {
        place[side] = next;
        from += step;
        break;
      }
      place[side] = 0;
      from -= step * (next - 1);
    }
  }
  return result;
}

/** Whether elements lie one behind the other. The stride of a side of one element does not matter. */
function isInOrder(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let side = shape.length - 1; side >= 0; side--) {
    const length = shape[side] ?? 0;
    if (length !== 1 && strides[side] !== expected) return false;
    expected *= length;
  }
  return true;
}
