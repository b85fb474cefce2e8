/**
 * A network of full width against PyTorch's, number by number; needs python3 with PyTorch and some minutes:
 *
 *     deno run -A tests/nn/parity/full_width.ts CASE [SEED [IMAGES]]
 *
 * The cases are those of `make_fixtures.py`. Where a value comes near a kink of ReLU, rounding alone changes gradients;
 * another seed gives other images, and `best` the best of twenty. PyTorch's own float32 is printed beside, which has as
 * many such values. IMAGES is their number and size, such as `1x27x35`.
 *
 * @module
 */

import { Gpu } from "../../../src/gpu/gpu.ts";
import { compareWithPytorch, worst } from "./compare.ts";

const [name = "wideresnet38", seed = "0", images] = Deno.args;
const file = await Deno.makeTempFile({ suffix: ".safetensors" });
try {
  const script = new URL("./make_fixtures.py", import.meta.url).pathname;
  const size = images === undefined ? [] : ["--images", images];
  const args = [script, "--full", name, file, "--seed", seed, ...size];
  const made = await new Deno.Command("/usr/bin/python3", { args }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  const gpu = await Gpu.open();
  const found = await compareWithPytorch(gpu, await Deno.readFile(file), name);
  gpu.close();
  for (const { what, error } of found.toSorted((a, b) => b.error - a.error).slice(0, 5)) {
    console.log(`${error.toExponential(2)} ${what}`);
  }
  for (const { what, error } of found.filter(({ what }) => /logits|loss/.test(what))) {
    console.log(`${error.toExponential(2)} ${what}`);
  }
  const ofPytorch = new TextDecoder().decode(made.stdout).split("\n").slice(0, 5);
  console.log(`PyTorch's own float32:\n${ofPytorch.join("\n")}`);
  const { what, error } = worst(found);
  console.log(
    `${name}: ${found.length} tensors, the largest relative error (L2) is ${error.toExponential(2)}, of ${what}`,
  );
  if (!(error <= 1e-4)) Deno.exit(1);
} finally {
  await Deno.remove(file);
}
