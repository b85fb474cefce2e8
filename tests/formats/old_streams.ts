/**
 * Files as PyTorch wrote them in 2017 and 2018, which no PyTorch at hand writes.
 *
 * @module
 */

import { joined } from "./files.ts";
import { call, op, orderedDict, sides, storage, stream, tuple } from "./pickles.ts";

/** A file of Python 2: texts are bytes, and an `OrderedDict` is made of a list of lists of two. */
export function python2Stream(): Uint8Array<ArrayBuffer> {
  const stored = (key: string, count: number) =>
    joined(
      tuple(
        ...[op.string2("storage"), op.global("torch.FloatStorage"), op.string2(key), op.longString2("cpu")],
        ...[joined([0x8a, 1, count]), op.none],
      ),
      op.persistent,
    );
  const hooks = joined(op.global("collections.OrderedDict"), op.emptyList, op.tuple1, op.reduce);
  const old = (key: string) =>
    call("torch._utils._rebuild_tensor_v2", stored(key, 4), op.number(1), sides(3), sides(1), op.false, hooks);
  const pair = (name: string, value: Uint8Array) => joined(op.emptyList, op.mark, op.string2(name), value, op.appends);
  const pairs = joined(op.emptyList, op.mark, pair("conv1.weight", old("5")), pair("bn1.bias", old("3")), op.appends);
  const value = joined(op.global("collections.OrderedDict"), pairs, op.tuple1, op.reduce);
  return stream(value, [{ key: "3", count: 4 }, { key: "5", count: 4 }]);
}

/** A file of 2017: a parameter by its class, a tensor of four values, and a part of a storage. */
export function parameterStream(): Uint8Array<ArrayBuffer> {
  const old = (stored: Uint8Array) =>
    call("torch._utils._rebuild_tensor", stored, op.number(1), sides(2, 2), sides(2, 1));
  const state = tuple(op.true, op.false, call("collections.OrderedDict"));
  const parameter = joined(call("torch.nn.parameter.Parameter", old(storage("7", 9))), state, op.build);
  const part = storage("7", 9, { view: tuple(op.text("8"), op.number(3), op.number(5)) });
  const value = orderedDict([op.text("parameter"), parameter], [op.text("part"), old(part)]);
  return stream(value, [{ key: "7", count: 9 }]);
}
