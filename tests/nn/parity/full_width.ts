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

import { join } from "node:path";
import { Gpu } from "../../../src/gpu/gpu.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { compareWithPytorch, type Difference, differences, worst } from "./compare.ts";

const [name = "wideresnet38", seed = "0", images] = Deno.args;
const folder = await Deno.makeTempDir();
const [file, float32File] = [join(folder, "float64.safetensors"), join(folder, "float32.safetensors")];
try {
  const script = new URL("./make_fixtures.py", import.meta.url).pathname;
  const size = images === undefined ? [] : ["--images", images];
  const args = [script, "--full", name, file, float32File, "--seed", seed, ...size];
  const made = await new Deno.Command("/usr/bin/python3", { args }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  show("PyTorch's own float32", differences(valuesOf(file), valuesOf(float32File)));
  const bytes = Deno.readFileSync(file);
  const gpu = await Gpu.open();
  const { software } = gpu.kind;
  show("direct convolutions", await compareWithPytorch(gpu, bytes, name, { software, direct: true }));
  const found = await compareWithPytorch(gpu, bytes, name);
  gpu.close();
  show("the adapter's kernels", found);
  if (!(worst(found).error <= 1e-4)) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The tensors of a fixture by their names. */
function valuesOf(path: string): Map<string, Float32Array> {
  const { tensors } = readSafetensors(Deno.readFileSync(path), path);
  return new Map([...tensors].map(([name, { values }]) => [name, values]));
}

/** Prints the outputs, and the gradients that lie farthest. */
function show(title: string, found: readonly Difference[]): void {
  const { what, error } = worst(found);
  console.log(
    `${name}, ${title}: the largest relative error (L2) of ${found.length} tensors is ` +
      `${error.toExponential(2)}, of ${what}`,
  );
  const isOutput = ({ what }: Difference) => /logits|loss/.test(what);
  const farthest = found.filter((one) => !isOutput(one)).toSorted((a, b) => b.error - a.error).slice(0, 8);
  for (const { what, error } of [...found.filter(isOutput), ...farthest]) {
    console.log(`  ${error.toExponential(2)} ${what}`);
  }
}
