import { assert, assertEquals } from "@std/assert";
import { Program } from "../../src/graph/program.ts";
import { programBytes } from "../../src/graph/program_bytes.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { logitsProgram } from "../../src/selftraining/inference.ts";
import { trainingStep } from "../../src/selftraining/training_step.ts";
import { townClasses } from "../../src/town/town.ts";
import { testGpu } from "../ops/harness.ts";

Deno.test("a program takes the bytes that were told before, with textures and without", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, deeplabNano, { classes: townClasses.map(({ name }) => name) });
  const size = { height: 32, width: 64 };
  const crop = { height: 32, width: 32 };
  const definitions = [
    { ...trainingStep(network, { batch: 2, crop, size }).definition, traits: { software: true } },
    { ...logitsProgram(network, 4, size, size), traits: { software: false } },
  ];
  for (const definition of definitions) {
    const told = programBytes(gpu, definition);
    const before = gpu.allocatedBytes;
    const program = await Program.compile(gpu, definition);
    assertEquals(gpu.allocatedBytes - before, told);
    assert(told > 2 * 32 * 64 * 4, `${told} bytes`);
    program.dispose();
  }
  network.dispose();
});
