import { assertEquals, assertThrows } from "@std/assert";
import { type ParameterValues, writeSafetensors } from "../../src/formats/safetensors.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { loadNetwork, Network, readWeights } from "../../src/nn/network.ts";
import { testGpu } from "../ops/harness.ts";

const one = new Map<string, ParameterValues>([["t", { shape: [1], values: Float32Array.of(1) }]]);

/** A weight file of this many classes. */
function weights(classes: number, palette?: string): Uint8Array<ArrayBuffer> {
  const names = Array.from({ length: classes }, (_, id) => `class ${id}`).join("|");
  return writeSafetensors(one, { model: "m", classes: names, ...(palette === undefined ? {} : { palette }) });
}

Deno.test("a weight file names 255 classes at most", () => {
  assertEquals(readWeights(weights(255), "w").metadata.classes.length, 255);
  assertThrows(() => readWeights(weights(256), "w.safetensors"), Error, "w.safetensors as a network: it names 256");
});

Deno.test("the palette of a weight file has a colour for each class", () => {
  assertEquals(readWeights(weights(2, "0,1,255|3,4,5"), "w").metadata.palette, [[0, 1, 255], [3, 4, 5]]);
  assertThrows(() => readWeights(weights(2, "0,1,2"), "w"), Error, "it has 2 classes, its palette 1 colours");
  for (const color of ["256,0,0", "1,2", "1,2,3,4", "red", "1.5,0,0"]) {
    assertThrows(() => readWeights(weights(1, color), "w"), Error, `its palette holds "${color}"`);
  }
});

Deno.test("weights that are not finite are refused by the name of their tensor", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, deeplabNano, { classes: ["a", "b"] }, { trainable: false });
  network.store.initialize(1);
  const tensors = await network.store.save();
  const [name = "", first] = [...tensors].at(-1) ?? [];
  const values = new Float32Array(first?.values ?? []);
  const before = gpu.allocatedBytes;
  for (const value of [NaN, Infinity, -Infinity]) {
    values[values.length - 1] = value;
    const damaged = writeSafetensors(new Map(tensors).set(name, { shape: first?.shape ?? [], values }), {
      model: deeplabNano.name,
      classes: "a|b",
    });
    assertThrows(
      () => loadNetwork(gpu, damaged, "w.safetensors", { trainable: false }),
      Error,
      `w.safetensors: tensor "${name}" holds ${value}`,
    );
  }
  assertEquals(gpu.allocatedBytes, before, "networks that were refused are freed");
  network.dispose();
});
