import { assert, assertEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { withoutPrefixes } from "../../src/formats/state_dict.ts";
import type { ForeignTensors } from "../../src/formats/stored_tensor.ts";
import { testWithShared } from "../shared.ts";
import { parameterStream, python2Stream } from "./old_streams.ts";
import { dict, op, storage, stream, tensor, zip } from "./pickles.ts";
import { joined } from "./files.ts";

const folder = fileURLToPath(new URL("fixtures", import.meta.url));
const read = (name: string) => readTensors(new Uint8Array(readFileSync(`${folder}/${name}`)), name);
/** What PyTorch says is in its files: type, shape and bytes in hexadecimal digits, by file and tensor. */
const expected: Record<string, Record<string, [string, number[], string]>> = JSON.parse(
  readFileSync(`${folder}/expected.json`, "utf8"),
);
const typeNames: Record<string, string> = {
  ...{ f32: "float32", f16: "float16", bf16: "bfloat16", f64: "float64", i64: "int64", i32: "int32", i16: "int16" },
  ...{ i8: "int8", u8: "uint8", bool: "bool" },
};

/** Names, shapes and values. */
function content({ tensors }: ForeignTensors): [string, readonly number[], number[]][] {
  return [...tensors].map(([name, { shape, values }]) => [name, shape, [...values]]);
}

for (const [name, tensors] of Object.entries(expected)) {
  Deno.test(`${name} holds what PyTorch says, bit for bit`, () => {
    const found = [...read(name).tensors].map(([name, tensor]) => [
      name,
      [typeNames[tensor.dtype] ?? tensor.dtype, tensor.shape, tensor.bytes().toHex()],
    ]);
    assertEquals(Object.fromEntries(found), tensors);
  });
}

Deno.test("what was taken of a trainer's file, and what left out, is said", () => {
  for (const form of ["zip", "stream"]) {
    const { container, note } = read(`trainer.${form}.pth`);
    assertEquals(container, form === "zip" ? "PyTorch zip" : "PyTorch pickle stream");
    assertEquals(
      note,
      'taken from "state_dict"; ' +
        'left out: "epoch", "best_miou", "confusion", "size", "device", "dtype", "history", "optimizer"',
    );
    assertEquals(read(`module.${form}.pth`).note, undefined);
  }
});

Deno.test("files of whole Modules, sparse and quantised tensors and other objects are refused by name", () => {
  const names: Record<string, string> = {
    "refused-module.zip.pth": 'the pickle names "torch.nn.modules.container.Sequential"',
    "refused-namespace.stream.pth": 'the pickle names "argparse.Namespace"',
    "refused-quantised.zip.pth": 'the pickle names "torch._utils._rebuild_qtensor"',
    "refused-sparse.zip.pth": 'the pickle names "torch._utils._rebuild_sparse_tensor"',
  };
  assertEquals(readdirSync(folder).filter((name) => name.startsWith("refused")).sort(), Object.keys(names));
  for (const [name, sentence] of Object.entries(names)) {
    const { message } = assertThrows(() => read(name), Error);
    assert(message.startsWith(`Cannot read ${name}: `) && message.includes(sentence), message);
    assert(message.includes("state_dict()"), message);
  }
});

Deno.test("programs of TorchScript are refused as such, whether or not they are compressed", () => {
  for (const member of ["archive/code/m.py", "archive/constants.pkl"]) {
    const bytes = zip(dict(), [], [{ name: member, bytes: "x", method: 8 }]);
    const { message } = assertThrows(() => readTensors(bytes, "a.pt"), Error);
    assert(message.includes(`it holds "${member}", so it is a program of TorchScript`), message);
  }
});

testWithShared("a real file of PyTorch 1.0 is read to its last byte", ["data/formats/resnet20-12fca82f.th"], (path) => {
  const file = readTensors(new Uint8Array(readFileSync(path)), path);
  assertEquals(file.note, 'taken from "state_dict"; left out: "best_prec1"');
  const { tensors, prefixes } = withoutPrefixes(file.tensors);
  assertEquals(prefixes, ["module."]);
  const of = (name: string) => tensors.get(name);
  assertEquals([of("conv1.weight")?.shape, of("linear.weight")?.shape], [[16, 3, 3, 3], [10, 64]]);
  const means = [...tensors].filter(([name]) => name.endsWith("running_var"));
  assertEquals(means.length, 19);
  for (const [, { values }] of means) assert(values.every((value) => value > 0 && value < 1000));
});

Deno.test("a stream of Python 2 is read: byte texts, and dictionaries as lists of pairs", () => {
  assertEquals(content(readTensors(python2Stream(), "a.pth")), [
    ["conv1.weight", [3], [1, 2, 3]],
    ["bn1.bias", [3], [1, 2, 3]],
  ]);
});

Deno.test("files of 2017 are read: parameters by their class, tensors of four values, parts of storages", () => {
  assertEquals(content(readTensors(parameterStream(), "a.pth")), [
    ["parameter", [2, 2], [1, 2, 3, 4]],
    ["part", [2, 2], [4, 5, 6, 7]],
  ]);
});

Deno.test("archives are read with a byte order, ZIP64 fields, a comment, at odd places and with storages of bytes", () => {
  const plain = storage("0", 6, { view: null });
  const untyped = storage("1", 2, { view: null, type: "torch.storage.UntypedStorage" });
  const value = dict([op.text("a"), tensor(plain, [3, 2], [1, 3])], [op.text("b"), tensor(untyped, [2], [1])]);
  const storages = [{ key: "0", count: 6 }, { key: "1", count: 2, bytes: [8, 9] }];
  const order = [{ name: "archive/byteorder", bytes: "little" }, {
    name: "archive/.data/serialization_id",
    bytes: "1",
  }];
  for (const options of [{}, { is64: true }, { comment: "made by hand" }, { is64: true, comment: "PK\x05\x06" }]) {
    const file = readTensors(zip(value, storages, order, options), "a.pt");
    assertEquals(content(file), [["a", [3, 2], [0, 3, 1, 4, 2, 5]], ["b", [2], [8, 9]]]);
    assertEquals([...file.tensors.values()].map(({ dtype }) => dtype), ["f32", "u8"]);
  }
});

Deno.test("elements that lie in order are not copied, and floats in archives are not decoded", () => {
  const file = new Uint8Array(readFileSync(`${folder}/tensors.zip.pth`));
  const { tensors } = readTensors(file, "a.pth");
  const isInFile = (name: string) => tensors.get(name)?.bytes().buffer === file.buffer;
  assertEquals(["f32", "row", "f64", "bool", "transposed", "columns"].map(isInFile), [1, 1, 1, 1, 0, 0].map(Boolean));
  assertEquals(tensors.get("f32")?.values.buffer, file.buffer);
  assertEquals(tensors.get("transposed")?.values, tensors.get("transposed")?.values);
});

Deno.test("the network's tensors are found under the usual keys, under the only other key, and in one another", () => {
  const one = (count: number) => dict([op.text("w"), tensor(storage("0", 4), [count], [1])]);
  const taken = (value: Uint8Array, storages = [{ key: "0", count: 4 }]) => {
    const { tensors, note } = readTensors(stream(value, storages), "a.pth");
    return [tensors.get("w")?.shape[0], note];
  };
  const key = op.text;
  assertEquals(taken(dict([key("teacher"), one(1)], [key("student"), one(2)])), [
    2,
    'taken from "student"; left out: "teacher"',
  ]);
  assertEquals(taken(dict([key("state_dict"), op.none], [key("model"), dict([key("state_dict"), one(3)])])), [
    3,
    'taken from "model" → "state_dict"; left out: "state_dict"',
  ]);
  assertEquals(taken(dict([key("generator"), one(4)], [key("optimizer"), dict()])), [
    4,
    'taken from "generator"; left out: "optimizer"',
  ]);
  const besides = dict([key("w"), tensor(storage("0", 4), [1], [1])], [key("n"), op.number(1)], [
    op.number(2),
    op.none,
  ]);
  assertEquals(taken(besides), [1, "2 entries that are no tensors are left out"]);
  assertThrows(
    () => taken(dict([key("a"), one(1)], [key("b"), one(1)])),
    Error,
    'Cannot read a.pth: tensors are under "a", "b", and it is not clear which',
  );
  assertThrows(() => taken(dict([key("epoch"), op.number(1)]), []), Error, 'none of its 1 keys ("epoch") leads to');
  assertThrows(() => taken(joined(op.emptyList), []), Error, "it holds a list of 0, expected a dictionary of tensors");
});

Deno.test("prefixes are taken off as long as all names have them", () => {
  const { tensors } = read("module.zip.pth");
  const [stored] = tensors.values();
  assert(stored !== undefined);
  const cases: [string[], string[], string[]][] = [
    [["module.a", "module.b.c"], ["a", "b.c"], ["module."]],
    [["module.Scale.a", "module.Scale.b"], ["a", "b"], ["module.", "Scale."]],
    [["module.backbone.a", "module.head.b"], ["backbone.a", "head.b"], ["module."]],
    [["net.model.a"], ["a"], ["net.", "model."]],
    [["module.a", "b"], ["module.a", "b"], []],
    [["model.", "model.a"], ["model.", "model.a"], []],
    [["modules.a"], ["modules.a"], []],
    [[], [], []],
  ];
  for (const [names, shorter, prefixes] of cases) {
    const result = withoutPrefixes(new Map(names.map((name) => [name, stored])));
    assertEquals([[...result.tensors.keys()], result.prefixes], [shorter, prefixes]);
  }
});
