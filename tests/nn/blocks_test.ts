import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Block, dependencies, input, type Tensor } from "../../src/graph/tensor.ts";
import { models } from "../../src/nn/models/mod.ts";
import { residualDeeplabLogits } from "../../src/nn/models/residual_deeplab.ts";
import { collectParameters, type ParameterScope } from "../../src/nn/parameters.ts";

const networks: Record<string, (scope: ParameterScope) => Tensor> = {
  ...Object.fromEntries(models.map(({ name, logits, takes }) => [
    name,
    (scope) => logits(images(takes.channels), scope, { classes: 5, inference: false }),
  ])),
  "the residual DeepLab": (scope) => residualDeeplabLogits(images(3), scope, false, 5),
};

function images(channels: number): Tensor {
  return input("images", [2, channels, 64, 64]);
}

for (const [name, logits] of Object.entries(networks)) {
  Deno.test(`what is recomputed together in ${name} are whole layers, each in one block`, () => {
    const traced: Tensor[] = [];
    collectParameters((scope) => traced.push(logits(scope)));
    const blocks = new Map<string, Block>();
    const layers = new Map<string, Block | null>();
    for (const { path, block, definition } of dependencies(traced)) {
      if (definition.kernels === undefined) continue;
      if (path !== "") assertStrictEquals(layers.get(path) ?? block, block, `${path} is in two blocks`);
      layers.set(path, block);
      if (block === null) continue;
      assertStrictEquals(blocks.get(block.name) ?? block, block, `two blocks are called ${block.name}`);
      blocks.set(block.name, block);
    }
    // What is outside of all blocks is kept. That may only be the convolutions that give the logits.
    const outside = [...layers].filter(([path, block]) => path !== "" && block === null).map(([path]) => path);
    assertEquals(outside.filter((path) => !/^(head|linear)/.test(path)), []);
    assert(blocks.size >= 5, `only ${[...blocks.keys()]}`);
  });
}
