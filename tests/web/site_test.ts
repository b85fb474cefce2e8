import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readSite, shownClasses, type Site } from "../../src/web/site.ts";

const sha256 = "0".repeat(64);
const site: Site = {
  ...{ version: "1.2.3", title: "Streets", model: "deeplab-nano", variant: { width: 0.5 }, size: null },
  classes: ["road", "car", "<sky>"],
  palette: [[1, 2, 3], [4, 5, 6], [7, 8, 255]],
  weights: { adapted: { file: "adapted.safetensors", bytes: 10, sha256 } },
};

function refusal(change: object): string {
  return assertThrows(() => readSite(JSON.stringify({ ...site, ...change }), "site.json"), Error).message;
}

Deno.test("a page's description is read as it was written, and its labels have the classes that are shown", () => {
  assertEquals(readSite(JSON.stringify(site), "site.json"), site);
  assertEquals(shownClasses(site).classes, site.classes);
  const labelSet = { name: "two", classes: ["ground", "other"], palette: [[0, 0, 0], [9, 9, 9]], toId: [0, 1, 255] };
  const merged = readSite(JSON.stringify({ ...site, labelSet }), "site.json");
  assertEquals(shownClasses(merged).classes, ["ground", "other"]);
});

Deno.test("a page's description that names other places, or is not whole, is refused by its key", () => {
  for (const file of ["../w.safetensors", "https://example.org/w", "a/b", ".hidden", ""]) {
    const message = refusal({ weights: { adapted: { file, bytes: 10, sha256 } } });
    assertStringIncludes(message, "weights.adapted.file", file);
  }
  assertStringIncludes(
    refusal({ weights: { adapted: { file: "w", bytes: 10, sha256: "abc" } } }),
    "64 hexadecimal digits",
  );
  assertStringIncludes(refusal({ palette: [[1, 2, 3]] }), "3 classes and 1 colours");
  assertStringIncludes(refusal({ palette: [[1, 2, 300]] }), "palette.0.2");
  assertStringIncludes(refusal({ classes: [] }), "classes");
  const message = assertThrows(() => readSite("<!doctype html>", "site.json"), Error).message;
  assertStringIncludes(message, "Cannot read the site description site.json: it is not JSON");
});
