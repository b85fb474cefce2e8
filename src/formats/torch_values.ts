/**
 * What PyTorch's pickles are made of: the globals that may be named, and the storages and tensors that they describe.
 * Nothing is called: a REDUCE of a known global checks its arguments and notes where a tensor's elements lie.
 *
 * Source: `torch/_utils.py` (`_rebuild_tensor`, `_rebuild_tensor_v2`, `_rebuild_parameter`) and
 * `torch/serialization.py` (`persistent_load`) of <https://github.com/pytorch/pytorch>, 0.1 to 2.x.
 *
 * @module
 */

import type { Fail, PickleRules } from "./pickle_machine.ts";
import { kindOf, PickleGlobal, PickleMap, PickleObject, PickleTuple, type PickleValue } from "./pickle_values.ts";
import type { ElementType } from "./stored_tensor.ts";
import { shortText } from "./validation.ts";

/** Elements in a row, to which tensors refer. */
export class TorchStorage extends PickleObject {
  /** A storage as a persistent id describes it. */
  constructor(readonly key: string, readonly dtype: ElementType, readonly count: number) {
    super("a storage");
  }
}

/** A part of a storage that a file of 2017 names as a storage of its own. */
class StorageView extends PickleObject {
  constructor(readonly root: TorchStorage, readonly start: number, readonly count: number) {
    super("a part of a storage");
  }
}

/** A tensor: some elements of a storage, in an order that its strides say. */
export class TorchTensor extends PickleObject {
  /** The tensor of these elements. All places were checked to lie in the storage. */
  constructor(
    readonly storage: TorchStorage,
    /** Where in the storage the first element lies. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Whether a state may follow, which tells nothing of its elements. */
    readonly isParameter = false,
  ) {
    super("a tensor");
  }
}

const storageTypes: Readonly<Record<string, ElementType>> = {
  ...{ FloatStorage: "f32", HalfStorage: "f16", BFloat16Storage: "bf16", DoubleStorage: "f64", LongStorage: "i64" },
  ...{ IntStorage: "i32", ShortStorage: "i16", CharStorage: "i8", ByteStorage: "u8", BoolStorage: "bool" },
};

const dtypeNames = ["float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"];

const storageGlobals = new Map<string, ElementType>([
  ...Object.entries(storageTypes).map(([name, dtype]) => [`torch.${name}`, dtype] as const),
  ["torch.storage.UntypedStorage", "u8"] as const,
]);

const maxSides = 64;

/** What the globals that may be called give. */
const calls: Readonly<Record<string, (args: readonly PickleValue[], fail: Fail) => PickleValue>> = {
  "torch._utils._rebuild_tensor": (args, fail) => {
    if (args.length !== 4) throw fail(`a tensor is made of ${args.length} values, expected 4`);
    return tensorOf(args, fail);
  },
  "torch._utils._rebuild_tensor_v2": (args, fail) => {
    if (args.length !== 6 && args.length !== 7) {
      throw fail(`a tensor is made of ${args.length} values, expected 6 or 7`);
    }
    return tensorOf(args, fail);
  },
  "torch._utils._rebuild_parameter": parameterOf,
  "torch.nn.parameter.Parameter": parameterOf,
  "torch.Size": ([sides, ...others], fail) => {
    if (!(sides instanceof PickleTuple) || others.length > 0) throw fail(`a torch.Size is made of ${kindOf(sides)}`);
    return sides;
  },
  "torch.device": () => new PickleObject("a device"),
  "numpy.core.multiarray.scalar": () => new PickleObject("a NumPy number"),
  "numpy.core.multiarray._reconstruct": () => new PickleObject("a NumPy array"),
  "numpy.dtype": () => new PickleObject("a NumPy type"),
  // Python 3 writes the bytes of a NumPy number so. They are of use to NumPy's globals alone.
  "_codecs.encode": (args, fail) => {
    if (!args.every((item) => typeof item === "string")) throw fail(`_codecs.encode is given ${kindOf(args[0])}`);
    return new PickleObject("bytes", "the pickle names _codecs.encode outside of NumPy's numbers, which is not read");
  },
};

const globals: ReadonlySet<string> = new Set([
  ...["collections.OrderedDict", "numpy.ndarray", ...Object.keys(calls), ...storageGlobals.keys()],
  ...dtypeNames.map((name) => `torch.${name}`),
]);

const refusal = "Only dictionaries of plain tensors are, and nothing of the file was executed. " +
  "In Python, save model.state_dict() instead of the model or of other objects";

/**
 * The rules of one PyTorch file.
 *
 * @param storages where the storages go that the file names, by key.
 * @param form `zip`: persistent ids have five items; `stream`: a sixth for parts of storages.
 */
export function torchRules(storages: Map<string, TorchStorage>, form: "zip" | "stream"): PickleRules {
  return {
    globals,
    refusal,
    reduce: (callable, args, fail) => {
      const call = calls[callable.text];
      if (call === undefined) throw fail(`the pickle calls ${callable.text}, which is not read`);
      return call(args, fail);
    },
    build: checkState,
    persistent: (id, fail) => {
      const items = id instanceof PickleTuple ? id.items : [];
      if (items[0] === "module") throw fail(`a whole Module was saved. ${refusal}`);
      const length = form === "zip" ? 5 : 6;
      if (items[0] !== "storage" || items.length !== length) {
        throw fail(`a persistent id is ${kindOf(id)}, expected a storage's tuple of ${length}`);
      }
      return storageOf(items, storages, fail);
    },
  };
}

/** The storage, or the part of one, that a persistent id describes. Where it lay, such as `cuda:0`, does not matter. */
function storageOf(
  [, type, key, location, count, view = null]: readonly PickleValue[],
  storages: Map<string, TorchStorage>,
  fail: Fail,
): TorchStorage | StorageView {
  const dtype = type instanceof PickleGlobal ? storageGlobals.get(type.text) : undefined;
  if (dtype === undefined) throw fail(`a storage is of the type ${kindOf(type)}`);
  if (typeof key !== "string" || typeof location !== "string") throw fail(`a storage's key is ${kindOf(key)}`);
  if (!isNatural(count)) throw fail(`a storage's number of elements is ${kindOf(count)}`);
  const known = storages.get(key);
  if (known !== undefined && (known.dtype !== dtype || known.count !== count)) {
    throw fail(
      `the storage ${shortText(key)} has ${count} elements of ${dtype}, before ${known.count} of ${known.dtype}`,
    );
  }
  const storage = known ?? new TorchStorage(key, dtype, count);
  storages.set(key, storage);
  return view === null ? storage : viewOf(storage, view, fail);
}

function viewOf(root: TorchStorage, view: PickleValue, fail: Fail): StorageView {
  const [key, start, count] = view instanceof PickleTuple && view.items.length === 3 ? view.items : [];
  if (typeof key !== "string" || !isNatural(start) || !isNatural(count) || start + count > root.count) {
    throw fail(`the part of the storage ${shortText(root.key)} is ${kindOf(view)} that does not lie in it`);
  }
  return new StorageView(root, start, count);
}

/** A tensor of a storage, an offset, sides and strides; what follows these does not matter. */
function tensorOf([stored, offset, sides, strides]: readonly PickleValue[], fail: Fail): TorchTensor {
  if (!(stored instanceof TorchStorage || stored instanceof StorageView)) {
    throw fail(`a tensor's storage is ${kindOf(stored)}`);
  }
  if (!isNatural(offset)) throw fail(`a tensor's offset is ${kindOf(offset)}`);
  const shape = naturals(sides, "sides", fail);
  const steps = naturals(strides, "strides", fail);
  if (steps.length !== shape.length) throw fail(`a tensor has ${shape.length} sides and ${steps.length} strides`);
  const last = shape.reduce((sum, side, index) => sum + (side - 1) * (steps[index] ?? 0), offset);
  if (!shape.includes(0) && last >= stored.count) {
    throw fail(
      `a tensor [${shape.join(", ")}] with strides [${steps.join(", ")}] from element ${offset} on ` +
        `does not lie in its storage of ${stored.count}`,
    );
  }
  return stored instanceof TorchStorage
    ? new TorchTensor(stored, offset, shape, steps)
    : new TorchTensor(stored.root, stored.start + offset, shape, steps);
}

function naturals(value: PickleValue | undefined, what: string, fail: Fail): readonly number[] {
  const items = value instanceof PickleTuple ? value.items : null;
  if (items === null || items.length > maxSides) throw fail(`a tensor's ${what} are ${kindOf(value)}`);
  return items.map((item) => {
    if (!isNatural(item)) throw fail(`one of a tensor's ${what} is ${kindOf(item)}`);
    return item;
  });
}

/** A parameter is its tensor. */
function parameterOf([tensor, ...others]: readonly PickleValue[], fail: Fail): TorchTensor {
  if (!(tensor instanceof TorchTensor) || others.length > 2) throw fail(`a parameter is made of ${kindOf(tensor)}`);
  return new TorchTensor(tensor.storage, tensor.offset, tensor.shape, tensor.strides, true);
}

/** States that tell nothing of elements: of a Module's dictionary, of a parameter, of NumPy's objects. */
function checkState(object: PickleValue, state: PickleValue, fail: Fail): void {
  const isKnown = object instanceof PickleMap
    ? object.isOrdered && state instanceof PickleMap
    : object instanceof TorchTensor
    ? object.isParameter && state instanceof PickleTuple
    : object instanceof PickleObject && object.kind.startsWith("a NumPy ");
  if (!isKnown) throw fail(`BUILD gives ${kindOf(object)} a state, which is not read`);
}

function isNatural(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
