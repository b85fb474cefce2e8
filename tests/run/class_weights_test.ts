import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { readClassWeights } from "../../src/run/class_weights.ts";
import { balancedWeights } from "../../src/selftraining/class_balance.ts";
import { readRecipe, resolveSettings } from "../../src/settings/settings.ts";
import { UsageError } from "../../src/errors.ts";

const classes = ["road", "car", "person"];

function weightsOf(path?: string) {
  return readClassWeights(resolveSettings("adapt", path === undefined ? {} : { "class-weights": path }), classes);
}

Deno.test("balancedWeights() are inverse to the pixels, with mean 1 over the classes that are present", () => {
  const weights = balancedWeights([800, 0, 200, 100]);
  const [road = 0, absent = 0, car = 0, person = 0] = weights;
  assertEquals(absent, 1);
  assertAlmostEquals((road + car + person) / 3, 1, 1e-12);
  // Every present class counts the same: weight × pixels.
  assertAlmostEquals(road * 800, car * 200, 1e-9);
  assertAlmostEquals(car * 200, person * 100, 1e-9);
  assertEquals(balancedWeights([5, 5]), [1, 1]);
  assertEquals(balancedWeights([0, 0]), [1, 1]);
});

Deno.test("class weights are those of a JSON file, by id or by name, or balanced, or none", () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "weights.json");
  const read = (content: unknown) => {
    Deno.writeTextFileSync(path, JSON.stringify(content));
    return weightsOf(path);
  };
  try {
    assertEquals([weightsOf(), weightsOf("balanced")], [undefined, "balanced"]);
    assertEquals(read([1, 2.5, 0]), [1, 2.5, 0]);
    assertEquals(read({ person: 3, road: 1, car: 2 }), [1, 2, 3]);
    assertThrows(() => read([1, 2]), Error, `${path}: found 2 weights, expected one for each of the 3 classes`);
    assertThrows(() => read({ road: 1, car: 2 }), Error, `${path}: the class "person" has none`);
    assertThrows(() => read({ road: 1, car: 2, person: 3, bus: 4 }), Error, 'there is no class "bus"');
    assertThrows(() => read([1, -1, 2]), Error, 'that of the class "car" is -1, expected a number of at least 0');
    assertThrows(() => read("many"), Error, path);
    assertThrows(() => read([0, 0, 0]), Error, "all are 0");
    assertThrows(() => weightsOf(join(folder, "none.json")), Error, "none.json");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a recipe may ask for balanced class weights, but name no file", () => {
  const settings = resolveSettings("train", {}, readRecipe("class-weights: balanced", "r.yaml"));
  assertEquals(readClassWeights(settings, classes), "balanced");
  assertThrows(() => readRecipe("class-weights: weights.json", "r.yaml"), UsageError, "expected balanced");
});
