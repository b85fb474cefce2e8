/**
 * Random pickles that are sound or nearly so, so that what lies behind the opcodes is reached, which bytes changed at
 * random seldom do.
 */

import { assert, assertEquals } from "@std/assert";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { Random } from "../../src/random.ts";
import { faultOf } from "../fuzz/read_one.ts";
import { joined, type Piece } from "./files.ts";
import { call, dict, op, orderedDict, storage, stream, tensor, tuple, zip } from "./pickles.ts";

const globals = [
  ...["collections.OrderedDict", "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch.Size"],
  ...["torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter", "torch.FloatStorage", "torch.device"],
  ...["numpy.core.multiarray.scalar", "numpy.dtype", "numpy.ndarray", "_codecs.encode", "torch.float32", "os.system"],
];
const texts = ["state_dict", "model", "module.w", "module.b", "", "0", "cpu", "optimizer", "epoch", "__proto__"];
const numbers = [0, 1, 2, 3, 4, 255, 65535, 70000, -1, 2 ** 31 - 1, -(2 ** 31)];
const places: readonly (readonly [shape: readonly number[], strides: readonly number[]])[] = [
  ...[[[4], [1]], [[2, 2], [2, 1]], [[2, 2], [1, 2]], [[0, 3], [3, 1]], [[], []], [[2], [3]], [[3], [0]]] as const,
  ...[[[1000, 1000], [0, 0]], [[5], [1]], [[2, 3], [1]], [[3, 1], [1, 9]]] as const,
];
/** Opcodes that a sound pickle does not have where they are put. */
const strays: readonly Piece[] = [
  ...[op.mark, op.tuple1, op.append, op.appends, op.set, op.sets, op.reduce, op.build, op.persistent, op.stop, op.none],
  ...[op.get(0), op.get(3), op.get(300), op.proto(), op.stackGlobal, op.memoize],
];

/** Values drawn at random. */
class Values {
  readonly #random: Random;
  #draws = 0;
  #memo = 0;

  constructor(seed: number, readonly form: "zip" | "stream") {
    this.#random = new Random(seed, "pickle");
  }

  /** A dictionary, mostly of tensors. */
  root(): Piece {
    return joined(this.#dict(3), this.#oneIn(40) ? this.#of(strays, op.none) : []);
  }

  #below(count: number): number {
    return this.#random.integer(count, this.#draws++);
  }

  #oneIn(count: number): boolean {
    return this.#below(count) === 0;
  }

  #of<T>(things: readonly T[], fallback: T): T {
    return things[this.#below(things.length)] ?? fallback;
  }

  #several(make: () => Piece): Piece[] {
    return Array.from({ length: this.#below(4) }, make);
  }

  /** Mostly what is meant, seldom something else. */
  #mostly(meant: Piece): Piece {
    return this.#oneIn(60) ? this.#value(0) : meant;
  }

  #value(depth: number): Piece {
    const value = this.#plainValue(depth);
    if (this.#oneIn(80)) return joined(value, this.#of(strays, op.none));
    if (this.#oneIn(8)) return joined(value, op.put(this.#memo++));
    return this.#memo > 0 && this.#oneIn(8) ? op.get(this.#below(this.#memo)) : value;
  }

  #plainValue(depth: number): Piece {
    const inner = () => this.#value(depth - 1);
    switch (this.#below(depth <= 0 ? 6 : 11)) {
      case 0:
        return this.#of([op.none, op.true, op.false, op.emptyDict, op.emptyList, op.emptyTuple], op.none);
      case 1:
        return op.number(this.#of(numbers, 0));
      case 2:
        return op.text(this.#of(texts, ""));
      case 3:
        return this.#oneIn(10) ? op.global(this.#of(globals, "torch.Size")) : op.string2(this.#of(texts, ""));
      case 4:
      case 5:
        return this.#tensor();
      case 6:
        return joined(op.emptyList, op.mark, ...this.#several(inner), op.appends);
      case 7:
        return tuple(...this.#several(inner));
      case 8:
        return this.#oneIn(4) ? call(this.#of(globals, ""), ...this.#several(inner)) : this.#tensor();
      case 9: {
        const parameter = call("torch.nn.parameter.Parameter", this.#mostly(this.#tensor()));
        return joined(parameter, this.#mostly(tuple(op.true, op.false)), op.build);
      }
      default:
        return this.#dict(depth - 1);
    }
  }

  #dict(depth: number): Piece {
    const count = this.#below(5);
    const first = this.#below(texts.length);
    const pairs = Array.from({ length: count }, (_, index): [Piece, Piece] => [
      this.#mostly(op.text(texts[(first + index) % texts.length] ?? "")),
      this.#value(depth),
    ]);
    return this.#oneIn(2) ? dict(...pairs) : joined(orderedDict(...pairs), dict(), op.build);
  }

  #tensor(): Piece {
    const [shape, strides] = this.#oneIn(10) ? this.#of(places, [[], []]) : places[this.#below(5)] ?? [[], []];
    const stored = storage("0", 4, { view: this.form === "zip" ? null : op.none });
    return tensor(this.#mostly(stored), shape, strides, this.#mostly(op.number(0)));
  }
}

Deno.test("random pickles end in tensors or in a sentence that names the file", async () => {
  const format = {
    name: "w.pth",
    files: [new Uint8Array()] as const,
    read: (bytes: Uint8Array<ArrayBuffer>) => {
      for (const { values, shape } of readTensors(bytes, "w.pth").tensors.values()) {
        assertEquals(values.length, shape.reduce((product, side) => product * side, 1));
      }
      read++;
    },
  };
  let read = 0;
  const count = Number(Deno.env.get("RANDOM_PICKLES") ?? 1000);
  for (let seed = 0; seed < count; seed++) {
    const form = seed % 2 === 0 ? "zip" : "stream";
    const value = new Values(seed, form).root();
    const bytes = (form === "zip" ? zip : stream)(value, [{ key: "0", count: 4 }]);
    assertEquals(await faultOf(format, bytes), null, `random pickle ${seed}`);
  }
  assert(read > count / 10 && read < count / 2, `${read} of ${count} were read`);
});
