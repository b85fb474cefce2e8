import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Block, dependencies, input, type Tensor } from "../../src/graph/tensor.ts";
import { models } from "../../src/nn/models/mod.ts";
import { residualDeeplabLogits } from "../../src/nn/models/residual_deeplab.ts";
import { collectParameters, type ParameterScope } from "../../src/nn/parameters.ts";

const images = input("images", [2, 3, 64, 64]);

const networks: Record<string, (scope: ParameterScope) => Tensor> = {
  ...Object.fromEntries(models.map(({ name, logits }) => [
    name,
    (scope) => logits(images, scope, { classes: 5, inference: false }),
  ])),
  "the residual DeepLab": (scope) => residualDeeplabLogits(images, scope, false, 5),
};

for (const [name, logits] of Object.entries(networks)) {
  Deno.test(`what is recomputed together in ${name} is what the first parts of its layers' names say`, () => {
    const traced: Tensor[] = [];
    collectParameters((scope) => traced.push(logits(scope)));
    const blocks = new Map<string, Block>();
    for (const { path, block, definition } of dependencies(traced)) {
      if (definition.kernels === undefined) continue;
      const [first = ""] = path.split(".");
      const isOutside = first === "" || first === "head";
      assertEquals(block?.name, isOutside ? undefined : first, path);
      if (block === null) continue;
      assertStrictEquals(blocks.get(first) ?? block, block, `${path} is in a second block ${first}`);
      blocks.set(first, block);
    }
    assert(blocks.size >= 5, `only ${[...blocks.keys()]}`);
  });
}
