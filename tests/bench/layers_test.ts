import { assertEquals, assertThrows } from "@std/assert";
import {
  directionsOf,
  layerInput,
  layerIsRight,
  layerNamed,
  outputShape,
  samplePositions,
  singleLayers,
} from "../../bench/layer_data.ts";
import { layerGraph } from "../../bench/layers.ts";

Deno.test("every layer has PyTorch's values for exactly the results that our graph names, as many as are sampled", () => {
  for (const layer of singleLayers) {
    for (const direction of directionsOf(layer)) {
      const results = Object.entries(layerGraph(layer, direction)).map(([name, { shape }]) => {
        return [name, samplePositions(shape.reduce((product, side) => product * side, 1)).length];
      });
      const values = layer.values.filter((values) => values.direction === direction)
        .map(({ result, samples }) => [result, samples.length]);
      assertEquals(results, values, `${layer.name}, ${direction}`);
    }
  }
});

Deno.test("our layers have the shapes that the layer data give the peers", () => {
  for (const layer of singleLayers.filter(({ kind }) => kind !== "cross-entropy")) {
    assertEquals(layerGraph(layer, "forward").y?.shape, outputShape(layer), layer.name);
    assertEquals(layerGraph(layer, "forward+backward").dx?.shape, layerInput(layer, "x").shape, layer.name);
  }
});

Deno.test("a layer is right within 1e-3 of the largest sample, and wrong where a result is off, missing or NaN", () => {
  const [layer] = singleLayers;
  if (layer === undefined) throw new Error("There is no layer");
  const samples = layer.values.find(({ direction }) => direction === "forward")?.samples ?? [];
  const largest = Math.max(...samples.map(Math.abs));
  const verdict = (off: number) => layerIsRight(layer, "forward", { y: samples.map((value) => value + off * largest) });
  assertEquals([verdict(0), verdict(9e-4), verdict(1.1e-3), verdict(NaN)], [true, true, false, false]);
  assertEquals(layerIsRight(layer, "forward", {}), false);
});

Deno.test("a layer that is not in the list is refused by name", () => {
  assertThrows(() => layerNamed("conv 7×7"), Error, 'There is no layer "conv 7×7"');
});
