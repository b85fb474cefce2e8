/**
 * The papers' networks, of width 0.125, against PyTorch's: logits, loss and the gradient of every parameter
 * (`parity/make_fixtures.py`). The fixtures hold sketches of the gradients, whose relative error is that of the
 * gradients, give or take a tenth. `parity/full_width.ts` compares networks of full width, number by number.
 */

import { assert } from "@std/assert";
import { compareWithPytorch, worst } from "./parity/compare.ts";
import { testGpu } from "../ops/harness.ts";

const folder = new URL("./parity/fixtures/", import.meta.url);
/** Relative error in the L2 norm. */
const allowed = 1e-4;

for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  const network = name.replace(".safetensors", "");
  Deno.test(`${network} has PyTorch's logits, loss and gradients`, async () => {
    const bytes = await Deno.readFile(new URL(name, folder));
    const found = await compareWithPytorch(await testGpu(), bytes, name, { software: true });
    const { what, error } = worst(found);
    assert(error <= allowed, `${what}: relative error ${error}, allowed ${allowed}`);
  });
}
