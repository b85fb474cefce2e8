import { assertEquals, assertThrows } from "@std/assert";
import type { Size } from "../../src/data/size.ts";
import { UsageError } from "../../src/errors.ts";
import { readRecipe, resolveSettings, Settings } from "../../src/settings/settings.ts";

/** Compiles where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Takes a value whose type is `Wanted` and no other. */
function typed<Wanted>() {
  return <Found>(_value: Found, _same: Same<Wanted, Found>) => {};
}

Deno.test("the type of a setting is that of its entry in the option table", () => {
  const settings = resolveSettings("adapt");
  typed<number>()(settings.get("batch"), true);
  typed<number | undefined>()(settings.get("clip-norm"), true);
  typed<boolean>()(settings.get("recompute"), true);
  typed<boolean>()(settings.get("resume"), true);
  typed<string | undefined>()(settings.get("source"), true);
  typed<string>()(settings.get("model"), true);
  typed<Size | "auto" | "whole">()(settings.get("crop"), true);
  typed<number | "all">()(settings.get("target-images"), true);
  typed<number | undefined>()(settings.get("source-images"), true);
  typed<Size | undefined>()(settings.get("size"), true);
  typed<Size>()(settings.get("town-size"), true);
  typed<readonly number[]>()(settings.get("scales"), true);
  typed<readonly [number, number]>()(settings.get("scale-range"), true);
  typed<"sgd" | "adamw">()(settings.get("optimizer"), true);
  typed<"cbst" | "st" | "lrent">()(settings.get("policy"), true);
  typed<readonly string[] | undefined>()(settings.get("images"), true);
  typed<readonly string[]>()(resolveSettings("predict", { images: ["a.png"] }).require("images"), true);
  // @ts-expect-error there is no such option
  settings.has("bach");
  // @ts-expect-error there is no such option
  assertEquals(settings.get("bach"), undefined);
  // @ts-expect-error a batch is a number
  assertEquals(new Settings({ batch: "4" }).get("batch"), "4");
  // @ts-expect-error there is no such choice
  assertThrows(() => resolveSettings("adapt", { optimizer: "sdg" }), UsageError, "expected sgd, adamw");
});

Deno.test("a setting that is not given is its default, off where it is a switch, else undefined", () => {
  const settings = resolveSettings("adapt", { batch: 3 });
  assertEquals([settings.get("batch"), settings.get("epochs"), settings.get("town-size")], [3, 1, {
    height: 96,
    width: 192,
  }]);
  assertEquals([settings.get("resume"), settings.get("mirror"), settings.get("size")], [false, true, undefined]);
  assertEquals([settings.has("size"), settings.has("batch")], [false, true]);
});

Deno.test("a default may differ by command", () => {
  assertEquals([resolveSettings("adapt").get("stride"), resolveSettings("select").get("stride")], [1, 4]);
  assertEquals(resolveSettings("tune").require("size"), { height: 240, width: 320 });
});

Deno.test("what a command cannot do without is asked for by the option's name", () => {
  assertEquals(resolveSettings("predict", { out: "labels" }).require("out"), "labels");
  assertThrows(() => resolveSettings("predict").require("out"), UsageError, "Give --out");
});

Deno.test("asking for a default that the command does not have is an error", () => {
  assertThrows(() => resolveSettings("doctor").get("batch"), Error, 'The command takes no option "batch"');
});

Deno.test("settings are JSON in the order of the option table, with sizes as text", () => {
  const settings = resolveSettings("synth", { "town-size": { height: 8, width: 16 }, out: "towns" });
  assertEquals(
    JSON.stringify(settings),
    '{"built-in":"towns","town-images":120,"town-size":"8x16","seed":0,"out":"towns"}',
  );
});

Deno.test("the kind of an option may differ by command; a recipe holds the one of its table", () => {
  const recipe = readRecipe("logits: true\nprobabilities: true", "r.yaml");
  const predict = resolveSettings("predict", {}, recipe);
  assertEquals([predict.isOn("logits"), predict.isOn("probabilities"), predict.paths("logits")], [
    true,
    true,
    undefined,
  ]);
  const select = resolveSettings("select", { logits: ["a.npy", "b.npy"] }, recipe);
  assertEquals([select.paths("logits"), select.paths("probabilities")], [["a.npy", "b.npy"], undefined]);
  assertEquals(select.isOn("logits"), false);
});
