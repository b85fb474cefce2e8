/**
 * Hostile and damaged PyTorch files: each is refused by a sentence with the place and the name of what is not read.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { joined, type Piece, u32, u64 } from "./files.ts";
import { archive, call, dict, op, orderedDict, pickle, sides, storage, stream, streamValue } from "./pickles.ts";
import { tensor, tuple, zip } from "./pickles.ts";

/** The sentence with which a file is refused. */
function refusal(bytes: Uint8Array<ArrayBuffer>): string {
  const { message } = assertThrows(() => readTensors(bytes, "a.pth"), Error);
  assert(message.startsWith("Cannot read a.pth: ") && message.length < 600, message);
  return message;
}

/** Checks that each file is refused with these words. */
function refuses(cases: readonly (readonly [Uint8Array<ArrayBuffer>, string])[]): void {
  for (const [bytes, words] of cases) {
    const message = refusal(bytes);
    assert(message.includes(words), `"${message}" lacks "${words}"`);
  }
}

/** Opcodes that are read. */
const readOpcodes = "\x80.(}])t\x85\x86\x87sua" + "ecRbQqrhjXJKMG\x8aN\x88\x89UT\x8c\x8d\x94\x95\x93";
const refusedNames: Readonly<Record<string, string>> = {
  ...{ 0: "POP", 1: "POP_MARK", 2: "DUP", F: "FLOAT", I: "INT", L: "LONG", S: "STRING", V: "UNICODE", P: "PERSID" },
  ...{ B: "BINBYTES", C: "SHORT_BINBYTES", d: "DICT", l: "LIST", g: "GET", i: "INST", o: "OBJ", p: "PUT" },
  ...{ "\x81": "NEWOBJ", "\x82": "EXT1", "\x83": "EXT2", "\x84": "EXT4", "\x8b": "LONG4", "\x8e": "BINBYTES8" },
  ...{ "\x8f": "EMPTY_SET", "\x90": "ADDITEMS", "\x91": "FROZENSET", "\x92": "NEWOBJ_EX", "\x96": "BYTEARRAY8" },
  ...{ "\x97": "NEXT_BUFFER", "\x98": "READONLY_BUFFER" },
};

Deno.test("every opcode that is not of a file of tensors is refused by its name and its place", () => {
  let refused = 0;
  for (let code = 0; code < 256; code++) {
    const opcode = String.fromCharCode(code);
    if (readOpcodes.includes(opcode)) continue;
    const hex = `0x${code.toString(16).padStart(2, "0")}`;
    const name = refusedNames[opcode];
    const words = name === undefined ? `the byte ${hex} in the place of an opcode` : `the opcode ${name} (${hex})`;
    const place = streamValue + 3;
    refuses([[stream(joined(op.none, opcode)), `at byte ${place}, the pickle has ${words}, which is not read`]]);
    refused++;
  }
  assertEquals(refused, 256 - readOpcodes.length);
});

Deno.test("every global but the few of tensors is refused by its name, however it is written, and nothing is called", () => {
  const names = [
    ...["os.system", "posix.system", "nt.system", "builtins.eval", "builtins.exec", "builtins.getattr"],
    ...["__builtin__.eval", "subprocess.Popen", "runpy._run_code", "importlib.import_module", "pickle.loads"],
    ...["torch.load", "torch.hub.load", "torch.jit.load", "torch.Tensor", "torch.FloatTensor", "torch.QInt8Storage"],
    ...["torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_qtensor", "torch._utils._rebuild_tensor_v3"],
    ...["torch._utils._rebuild_parameter_with_state", "torch._tensor._rebuild_from_type_v2", "torch.complex64"],
    ...["collections.defaultdict", "collections.Counter", "copy_reg._reconstructor", "argparse.Namespace"],
    ...["numpy.load", "numpy.core.multiarray.fromfile", "__main__.Model", "constructor.constructor", "a.__proto__"],
  ];
  for (const name of names) {
    const dot = name.lastIndexOf(".");
    const named = joined(op.shortText(name.slice(0, dot)), op.shortText(name.slice(dot + 1)), op.stackGlobal);
    const gadget = (global: Piece) => dict([op.text("a"), joined(global, tuple(op.text("id")), op.reduce)]);
    refuses([
      [stream(gadget(op.global(name))), `the pickle names "${name}", which is not read`],
      [zip(gadget(op.global(name))), `the pickle names "${name}", which is not read`],
      [zip(gadget(named)), `the pickle names "${name}", which is not read`],
    ]);
  }
});

Deno.test("globals that are read do nothing but what tensors need", () => {
  const state = dict([op.text("_metadata"), op.none]);
  const whole = (value: Piece) => stream(dict([op.text("a"), value]));
  refuses([
    [whole(call("torch.float32", op.number(1))), "the pickle calls torch.float32, which is not read"],
    [whole(call("torch.FloatStorage", op.number(1))), "the pickle calls torch.FloatStorage"],
    [whole(call("numpy.ndarray")), "the pickle calls numpy.ndarray"],
    [whole(joined(op.text("eval"), tuple(), op.reduce)), "REDUCE calls a text"],
    [whole(joined(op.global("torch.Size"), op.emptyList, op.reduce)), "REDUCE gives torch.Size a list of 0, no tuple"],
    [whole(call("torch.Size", op.text("a"))), "a torch.Size is made of a text"],
    [whole(call("_codecs.encode", op.text("a"), op.text("latin1"))), "names _codecs.encode outside of NumPy's numbers"],
    [stream(call("_codecs.encode", op.text("a"), op.text("b"))), "names _codecs.encode outside of NumPy's numbers"],
    [whole(call("_codecs.encode", op.number(1))), "_codecs.encode is given the number 1"],
    [whole(call("collections.OrderedDict", op.number(3))), "an OrderedDict is made of the number 3, no list of pairs"],
    [whole(call("collections.OrderedDict", joined(op.emptyList, op.none, op.append))), "is made of None, no pair"],
    [whole(call("torch.nn.parameter.Parameter", op.none)), "a parameter is made of None"],
    [whole(call("torch._utils._rebuild_parameter", op.none, op.true, op.none)), "a parameter is made of None"],
    [whole(joined(dict(), state, op.build)), "BUILD gives a dict of 0 a state"],
    [whole(joined(orderedDict(), op.none, op.build)), "BUILD gives a dict of 0 a state"],
    [whole(joined(op.global("torch.Size"), state, op.build)), "BUILD gives torch.Size a state"],
    [whole(joined(tensor(storage("0", 1), [1], [1]), state, op.build)), "BUILD gives a tensor a state"],
  ]);
});

Deno.test("persistent ids are those of storages alone", () => {
  const id = (...items: readonly Piece[]) => stream(joined(tuple(...items), op.persistent));
  const type = op.global("torch.FloatStorage");
  const [kind, key, place] = [op.text("storage"), op.text("0"), op.text("cpu")];
  const module = [op.text("module"), op.none, op.text("model.py"), op.text("class Model")];
  const other = storage("0", 3, { type: "torch.HalfStorage" });
  const part = (...items: readonly Piece[]) => id(kind, type, key, place, op.number(4), tuple(...items));
  refuses([
    [id(...module), "a whole Module was saved. Only dictionaries of plain tensors are"],
    [stream(joined(op.text("0"), op.persistent)), "a persistent id is a text, expected a storage's tuple of 6"],
    [id(kind, type, key, place, op.number(4)), "a persistent id is a tuple of 5, expected a storage's tuple of 6"],
    [zip(storage("0", 4)), "a persistent id is a tuple of 6, expected a storage's tuple of 5"],
    [id(kind, op.global("torch.Size"), key, place, op.number(4), op.none), "a storage is of the type torch.Size"],
    [id(kind, op.text("float"), key, place, op.number(4), op.none), "a storage is of the type a text"],
    [id(kind, type, op.number(0), place, op.number(4), op.none), "a storage's key is the number 0"],
    [id(kind, type, key, place, op.number(-4), op.none), "a storage's number of elements is the number -4"],
    [stream(tuple(storage("0", 3), storage("0", 4))), 'the storage "0" has 4 elements of f32, before 3 of f32'],
    [stream(tuple(storage("0", 3), other)), 'the storage "0" has 3 elements of f16, before 3 of f32'],
    [
      part(op.text("1"), op.number(3), op.number(2)),
      'the part of the storage "0" is a tuple of 3 that does not lie in',
    ],
    [part(op.text("1"), op.number(3)), 'the part of the storage "0" is a tuple of 2 that does not lie in it'],
  ]);
});

Deno.test("tensors that do not lie in their storages are refused", () => {
  const whole = (value: Piece) => stream(dict([op.text("a"), value]), [{ key: "0", count: 6 }]);
  const of = (shape: readonly number[], strides: readonly number[], offset: Piece = op.number(0)) =>
    whole(tensor(storage("0", 6), shape, strides, offset));
  const huge = joined([0x8a, 7, 0, 0, 0, 0, 0, 0, 16]);
  const many = Array.from({ length: 65 }, () => 1);
  const four = call("torch._utils._rebuild_tensor", storage("0", 6), op.number(0), sides(1));
  refuses([
    [of([7], [1]), "a tensor [7] with strides [1] from element 0 on does not lie in its storage of 6"],
    [of([2, 3], [3, 1], op.number(1)), "does not lie in its storage of 6"],
    [of([1], [1], op.number(6)), "does not lie in its storage of 6"],
    [of([2], [6]), "does not lie in its storage of 6"],
    [of([2], [-1]), "one of a tensor's strides is the number -1"],
    [of([-2], [1]), "one of a tensor's sides is the number -2"],
    [of([2], [1, 1]), "a tensor has 1 sides and 2 strides"],
    [of(many, many), "a tensor's sides are a tuple of 65"],
    [of([1], [1], op.number(-1)), "a tensor's offset is the number -1"],
    [of([1], [1], op.text("0")), "a tensor's offset is a text"],
    [of([1], [1], huge), "does not lie in its storage"],
    [of([1], [1], joined("G", [0x3f, 0xe0, 0, 0, 0, 0, 0, 0])), "a tensor's offset is the number 0.5"],
    [of([1], [1], op.true), "a tensor's offset is True"],
    // Strides of 0 take no place, so the product of the sides is what matters.
    [of([65535, 65535, 65535, 65535, 65535], [0, 0, 0, 0, 0]), "its tensors take 4.8"],
    [of([65535, 65535], [0, 0]), "its tensors take 17179344900 bytes in all, since they share elements"],
    [whole(tensor(op.text("0"), [1], [1])), "a tensor's storage is a text"],
    [whole(four), "a tensor is made of 3 values, expected 4"],
    [whole(call("torch._utils._rebuild_tensor_v2", storage("0", 6))), "a tensor is made of 1 values, expected 6 or 7"],
  ]);
});

Deno.test("pickles that do not hold together are refused", () => {
  const many = (piece: Piece, count: number) => joined(...Array.from({ length: count }, () => piece));
  refuses([
    [stream(op.tuple1), "TUPLE1 takes a value that is not there"],
    [stream(joined(op.none, op.mark, op.tuple1)), "TUPLE1 takes a value that is not there"],
    [stream(op.tuple), "TUPLE takes a MARK that is not there"],
    [stream(op.get(5)), "BINGET takes value 5 of the memo, which is not there"],
    [stream(op.get(500)), "LONG_BINGET takes value 500 of the memo"],
    [stream(joined(op.none, op.none)), "the pickle ends with values left over"],
    [stream(joined(op.mark, op.none)), "the pickle ends with values left over"],
    [stream(""), "STOP takes a value that is not there"],
    [stream(joined(op.none, op.none, op.append)), "APPEND appends to None"],
    [stream(joined(op.emptyList, op.none, op.none, op.set)), "SETITEM sets a key of a list of 0"],
    [stream(joined(op.emptyDict, op.mark, op.none, op.sets)), "SETITEMS sets a key without a value"],
    [stream(joined(op.emptyDict, op.emptyList, op.none, op.set)), "a list of 0 is a key"],
    [stream(dict([op.text("a"), op.none], [op.text("a"), op.none])), 'the key "a" is set a second time'],
    [stream(joined(op.none, op.text("a"), op.stackGlobal)), "a global has no name"],
    [stream(joined("c", "a".repeat(300))), "the name of a global does not end"],
    [stream(joined("X", u32(2), [0xff, 0xff])), "a text is no UTF-8 text"],
    [stream(joined("X", u32(2 ** 20 + 1), "a")), "a text has 1048577 bytes, at most 1048576 are read"],
    [stream(joined("X", u32(1000), "a")), "a text takes 1000 bytes"],
    [stream(op.frame(1000)), "a frame has 1000 bytes"],
    [stream(op.proto(1)), "the pickle has protocol 1; 2 to 5 are read"],
    [stream(op.proto(6)), "the pickle has protocol 6"],
    [stream(many(op.mark, 200)), "more than 100 MARKs are open"],
    [stream(joined(op.none, many(op.tuple1, 200))), "more than 100 values lie in one another"],
    [stream(joined(many(op.emptyList, 200), many(op.append, 199))), "more than 100 values lie in one another"],
    [stream(joined(op.none, op.stop, op.none)), "no pickle of protocol 2 to 5 begins"],
  ]);
});

Deno.test("values that hold themselves or one another many times end in an answer", () => {
  const self = joined(op.emptyList, op.put(0), op.get(0), op.append);
  const within = joined(op.emptyDict, op.put(0), op.text("model"), op.get(0), op.set);
  // Each list holds the one before it twice: 2^60 values, if they were counted.
  const twice = Array.from(
    { length: 60 },
    (_, index) => joined(op.emptyList, op.put(index + 1), op.get(index), op.append, op.get(index), op.append),
  );
  refuses([
    [stream(self), "it holds a list of 1, expected a dictionary of tensors"],
    [stream(within), 'none of its 1 keys ("model") leads to a dictionary of tensors'],
    [stream(dict([op.text("a"), tuple(op.none, op.put(0), ...twice)])), 'none of its 1 keys ("a") leads to'],
  ]);
});

Deno.test("a pickle may not take more memory than its file and 32 MiB, nor more than ten million opcodes", () => {
  const start = performance.now();
  for (const bomb of [0x5d, 0x7d, 0x29]) {
    refuses([[stream(new Uint8Array(2 ** 20).fill(bomb)), "more memory than a file of 104"]]);
  }
  const bytes = new Uint8Array(streamValue + 20_000_004);
  bytes.set(stream("").subarray(0, streamValue));
  for (let place = streamValue; place < bytes.length; place += 2) {
    bytes[place] = 0x80;
    bytes[place + 1] = 2;
  }
  refuses([[bytes, "the pickle has more than 10000000 opcodes"]]);
  assert(performance.now() - start < 20_000, `${performance.now() - start} ms`);
});

Deno.test("streams whose parts do not fit are refused", () => {
  const one = dict([op.text("a"), tensor(storage("0", 2), [2], [1])]);
  const good = stream(one, [{ key: "0", count: 2 }]);
  const magic = pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
  const version = (value: Piece, system: Piece) => joined(magic, pickle(value), pickle(system), good);
  refuses([
    [pickle(op.number(7)), "at byte 0, a Python pickle begins that torch.save did not write"],
    [version(op.number(1002), dict()), "the protocol is the number 1002, expected 1001"],
    [version(op.number(1001), dict()), "the file is not said to be little-endian"],
    [version(op.number(1001), dict([op.text("little_endian"), op.false])), "the file is not said to be little-endian"],
    [stream(one), 'the storage "0" does not follow'],
    [stream(one, [{ key: "0", count: 2 }, { key: "0", count: 2 }]), 'the storage "0" follows, which is there already'],
    [stream(one, [{ key: "0", count: 2 }, { key: "1", count: 2 }]), 'the storage "1" follows, which is no tensor\'s'],
    [stream(one, [{ key: "0", count: 3 }]), 'the storage "0" has 3 elements, expected 2'],
    [stream(one, [{ key: "0", count: -1, bytes: [] }]), 'the storage "0" has -1 elements, expected 2'],
    [joined(good, [0]), "1 bytes follow the last storage"],
    [good.subarray(0, -1), 'the storage "0" takes 8 bytes, 7 are left'],
    [joined(good.subarray(0, streamValue), pickle(one), pickle(op.none)), "the list of storages is None"],
    [good.subarray(0, 100), "The file was cut off"],
  ]);
  for (let length = 16; length < good.length; length++) refusal(good.subarray(0, length));
});

Deno.test("archives whose parts do not fit are refused", () => {
  const one = dict([op.text("a"), tensor(storage("0", 2, { view: null }), [2], [1])]);
  const two = [{ key: "0", count: 2 }];
  const good = zip(one, two);
  const data = { name: "archive/data.pkl", bytes: pickle(one) };
  const elements = { name: "archive/data/0", bytes: new Uint8Array(8) };
  refuses([
    [good.subarray(0, -1), "the zip archive's directory is missing. The file was cut off"],
    [zip(one, two, [], { count: 9 }), "the zip archive's directory of 9 members takes"],
    [zip(one, two, [], { count: 9, is64: true }), "the zip archive's directory of 9 members takes"],
    [zip(one, two, [], { disk: 1 }), "the zip archive is one of several parts"],
    [archive([elements]), "a zip archive with 0 members data.pkl"],
    [archive([data, { ...data, name: "other/data.pkl" }, elements]), "a zip archive with 2 members data.pkl"],
    [archive([data, elements, elements]), 'the member "archive/data/0" occurs twice'],
    [archive([data, { ...elements, method: 8 }]), 'the member "archive/data/0" is compressed (method 8)'],
    [archive([{ ...data, flags: 1 }, elements]), 'the member "archive/data.pkl" is encrypted'],
    [zip(one, []), 'the storage "0" is missing'],
    [zip(one, [{ key: "0", count: 3 }]), 'the storage "0" takes 8 bytes, its member has 12'],
    [zip(one, two, [{ name: "archive/byteorder", bytes: "big" }]), 'the byte order is "big", expected "little"'],
    [archive([{ ...data, bytes: joined(data.bytes, "x") }, elements]), "1 bytes follow the pickle"],
    [changed(good, "PK\x01\x02", 0x31), "no entry of the directory begins"],
    [changed(zip(one, two, [], { is64: true }), "PK\x06\x07", 0x31), "the zip archive's ZIP64 locator is missing"],
    [changed(zip(one, two, [], { is64: true }), "PK\x06\x06", 0x31), "the ZIP64 record is missing"],
    [changed(good, "archive", 0x41), 'the header of the member "archive/data.pkl" has another name'],
  ]);
  for (let length = 4; length < good.length; length++) refusal(good.subarray(0, length));
  // A place far behind the end of the file.
  const far = Uint8Array.from(good);
  far.set(u32(2 ** 31), good.length - 6);
  refuses([[far, "which do not lie in front of its end"]]);
});

/** A file with the first byte of the first place of a text replaced. */
function changed(bytes: Uint8Array<ArrayBuffer>, text: string, byte: number): Uint8Array<ArrayBuffer> {
  const place = [...bytes].findIndex((_, index) =>
    [...text].every((letter, offset) => bytes[index + offset] === letter.charCodeAt(0))
  );
  const other = Uint8Array.from(bytes);
  other[place] = byte;
  return other;
}

Deno.test("a tar archive is refused with the call that rewrites it", () => {
  const message = refusal(joined("storages".padEnd(257, "\0"), "ustar\0", u64(0)));
  assert(message.includes("it is a tar archive") && message.includes("torch.save(torch.load("), message);
});
