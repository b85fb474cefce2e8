import { assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { distinctNames, foldersBelow, withoutRepeats } from "../../src/data/result_names.ts";
import { stem } from "../../src/data/image_files.ts";

const names = (...paths: string[]) => distinctNames(paths.map((path) => ({ path, title: stem(path) })));

Deno.test("names are titles; where these repeat they keep folders, and then endings", () => {
  assertEquals(names(), []);
  assertEquals(names("/d/a.jpg", "/d/e/b.jpg"), ["a", "b"]);
  assertEquals(names("/d/a.jpg", "/d/e/a.jpg", "/d/e/b.jpg"), ["a", "e/a", "b"]);
  assertEquals(names("/d/e/a.jpg", "/d/f/a.jpg", "/d/f/a.png"), ["e/a", "f/a.jpg", "f/a.png"]);
  assertEquals(names("/d/e/a.jpg", "/f/a.jpg"), ["d/e/a", "f/a"], "no folder in common but the root");
});

Deno.test("a name that is longer to be distinct never takes that of another file", () => {
  assertEquals(names("/d/a.jpg", "/d/a.png", "/d/a.jpg.png"), ["a.jpg", "a.png", "a.jpg.png"]);
  const files = [{ path: "/d/e/x.png", title: "x" }, { path: "/d/f/x.png", title: "x" }, {
    path: "/d/f/g/e/x.png",
    title: "e/x",
  }];
  assertEquals(distinctNames(files), ["e/x", "f/x", "f/g/e/x"]);
});

Deno.test("a file that is given twice counts once, as it was given first", () => {
  const paths = ["d/./a", "e", "d/a", resolve("e")];
  assertEquals(withoutRepeats(paths, (path) => path), ["d/./a", "e"]);
  assertEquals(["/d/e/a", "/d/f/g/b"].map(foldersBelow(["/d/e/a", "/d/f/g/b"])), ["e", "f/g"]);
  assertEquals(foldersBelow(["/d/a"])("/d/a"), "");
});
