/**
 * Fuzzing of weight files through the command line, by hand: `deno run -A tests/fuzz/weights_command.ts [--count 20]
 * [--seed 1]`. Mutants of a network's files, as PyTorch and MXNet write them, are given to `crosswalk evaluate`. Each
 * must end with exit code 0, or with 1 and one sentence that names the file.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { networkFile, writeStreets } from "../cli/fixture.ts";
import { crosswalk } from "../cli/program.ts";
import { write } from "../data/pictures.ts";
import { joined, u32 } from "../formats/files.ts";
import { cpu, i64s, mxnetList } from "../formats/mxnet_lists.ts";
import { op, orderedDict, storage, stream, tensor, zip } from "../formats/pickles.ts";
import { mutant } from "./mutate.ts";
import { faultOf } from "./read_one.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "20" }, seed: { type: "string", default: "1" } },
});
const folder = Deno.makeTempDirSync();
const data = join(folder, "streets");
writeStreets(data);

const tensors = [...(await networkFile()).tensors].map(([name, { shape, values }], index) => ({
  ...{ name, shape, key: `${index}`, count: values.length },
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
}));
const storages = tensors.map(({ key, count, bytes }) => ({ key, count, bytes: [...bytes] }));
/** The dictionary of the tensors, as a trainer of several GPUs saves it. */
function checkpoint(view: typeof op.none | null): Uint8Array<ArrayBuffer> {
  const pairs = tensors.map(({ name, shape, key, count }) => {
    const strides = shape.map((_, side) => shape.slice(side + 1).reduce((product, length) => product * length, 1));
    return [op.text(`module.${name}`), tensor(storage(key, count, { view }), shape, strides)] as const;
  });
  return orderedDict([op.text("epoch"), op.number(3)], [op.text("state_dict"), orderedDict(...pairs)]);
}
const arrays = tensors.map(({ shape, bytes }) =>
  joined(u32(0xf993fac9), u32(0), u32(shape.length), i64s(...shape), cpu, u32(0), bytes)
);
const kinds = {
  "zip.pth": zip(checkpoint(null), storages),
  "stream.pth": stream(checkpoint(op.none), storages),
  "w.params": mxnetList(arrays, tensors.map(({ name }) => name)),
};

let bad = 0;
for (const [name, file] of Object.entries(kinds)) {
  const codes = new Map<number, number>();
  for (let index = -1; index < Number(values.count); index++) {
    const bytes = index < 0 ? file : mutant([file], Number(values.seed), `${name} ${index}`);
    const read = async () => {
      const path = join(folder, name);
      write(path, bytes);
      const labelSet = join(data, "dataset.json");
      const { code, stderr } = await crosswalk(
        ...["evaluate", "--weights", path, "--data", data, "--model", "deeplab-nano", "--label-set", labelSet],
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code !== 0 && code !== 1) throw new Error(`exit code ${code} without a name: ${stderr}`);
      if (index < 0 && code !== 0) throw new Error(`The file itself is refused: ${stderr}`);
      if (code === 1) throw new Error(stderr.includes("    at ") ? `a trace without a name: ${stderr}` : stderr);
    };
    const fault = index < 0 ? await read() ?? null : await faultOf({ name, files: [file], read }, bytes);
    if (fault === null) continue;
    bad++;
    console.log(`${name}, mutant ${index}: ${fault}`);
  }
  console.log(`${name}: ${[...codes].map(([code, count]) => `${count} × exit code ${code}`).join(", ")}`);
}
rmSync(folder, { recursive: true });
process.exitCode = bad === 0 ? 0 : 1;
