/**
 * A network of full width against PyTorch's, number by number; needs python3 with PyTorch and some minutes:
 *
 *     deno run -A tests/nn/parity/full_width.ts CASE [SEED [IMAGES]]
 *
 * The cases are those of `make_fixtures.py`. Where a value comes near a kink of ReLU, rounding alone changes gradients;
 * another seed gives other images, and `best` the best of twenty. IMAGES is their number and size, such as `1x27x35`.
 * Beside the kernels that the adapter gets stand direct convolutions, and PyTorch's own float32: each rounds in another
 * way, so other values cross a kink.
 *
 * @module
 */

import { Gpu } from "../../../src/gpu/gpu.ts";
import { compareWithPytorch, type Difference, worst } from "./compare.ts";

const [name = "wideresnet38", seed = "0", images] = Deno.args;
const file = await Deno.makeTempFile({ suffix: ".safetensors" });
try {
  const script = new URL("./make_fixtures.py", import.meta.url).pathname;
  const size = images === undefined ? [] : ["--images", images];
  const args = [script, "--full", name, file, "--seed", seed, ...size];
  const made = await new Deno.Command("/usr/bin/python3", { args }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  show("PyTorch's own float32", new TextDecoder().decode(made.stdout).split("\n").flatMap(differenceOf));
  const bytes = await Deno.readFile(file);
  const gpu = await Gpu.open();
  const { software } = gpu.kind;
  show("direct convolutions", await compareWithPytorch(gpu, bytes, name, { software, direct: true }));
  const found = await compareWithPytorch(gpu, bytes, name);
  gpu.close();
  show("the adapter's kernels", found);
  if (!(worst(found).error <= 1e-4)) Deno.exit(1);
} finally {
  await Deno.remove(file);
}

/** A line of the script: an error and the name of a tensor. */
function differenceOf(line: string): Difference[] {
  const [, error, what] = /^(\d\.\d+e[-+]\d+) (.+)$/.exec(line) ?? [];
  return error === undefined || what === undefined ? [] : [{ what, error: Number(error) }];
}

function show(title: string, differences: readonly Difference[]): void {
  const { what, error } = worst(differences);
  console.log(
    `${name}, ${title}: the largest relative error (L2) of ${differences.length} tensors is ` +
      `${error.toExponential(2)}, of ${what}`,
  );
  const isOutput = ({ what }: Difference) => /logits|loss/.test(what);
  const farthest = differences.filter((one) => !isOutput(one)).toSorted((a, b) => b.error - a.error).slice(0, 8);
  for (const { what, error } of [...differences.filter(isOutput), ...farthest]) {
    console.log(`  ${error.toExponential(2)} ${what}`);
  }
}
