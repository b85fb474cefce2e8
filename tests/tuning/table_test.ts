import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Gpu } from "../../src/gpu/gpu.ts";
import { deviceTraits } from "../../src/graph/program_plan.ts";
import { adapterKey, cacheFolder, loadTuning, tablePaths, writeTable } from "../../src/tuning/table.ts";
import { inTemporaryFolder } from "../cli/program.ts";

const adapter = "some-gpu-0123abcd";

Deno.test("loadTuning() looks into the user's table first, then into the one that comes with the program", () =>
  inTemporaryFolder((folder) => {
    const paths = { user: join(folder, "user", "a.json"), shipped: join(folder, "shipped.json") };
    const warn = (text: string) => {
      throw new Error(text);
    };
    assertEquals(loadTuning(adapter, warn, paths), new Map());
    writeTable(paths.shipped, adapter, new Map([["first", "shipped"], ["second", "shipped"]]));
    writeTable(paths.user, adapter, new Map([["second", "user"], ["third", "default"]]));
    const wanted = [["first", "shipped"], ["second", "user"], ["third", "default"]];
    assertEquals([...loadTuning(adapter, warn, paths)].sort(), wanted);
    assertEquals([...loadTuning(adapter, warn, { ...paths, shipped: null })].sort(), wanted.slice(1));
    assertEquals(readdirSync(join(folder, "user")), ["a.json"]);
    return Promise.resolve();
  }));

Deno.test("loadTuning() ignores a file that it cannot use, in one sentence, and keeps the other", () =>
  inTemporaryFolder((folder) => {
    const paths = { user: join(folder, "user.json"), shipped: join(folder, "shipped.json") };
    writeTable(paths.shipped, adapter, new Map([["a class", "shipped"]]));
    const table = (more: object) => JSON.stringify({ version: 1, adapter, schedules: {}, ...more });
    const files: [string, RegExp][] = [
      [table({}).slice(0, -5), /it cannot be read/],
      ["[]", /it is damaged/],
      [table({ schedules: { "a class": 3 } }), /it is damaged/],
      [table({ version: 0 }), /it is of version 0, this program reads version 1/],
      [table({ adapter: "another" }), /it is of another adapter, another/],
    ];
    for (const [text, reason] of files) {
      writeFileSync(paths.user, text);
      const said: string[] = [];
      assertEquals(loadTuning(adapter, (sentence) => said.push(sentence), paths), new Map([["a class", "shipped"]]));
      assertEquals(said.length, 1, text);
      assertMatch(said[0] ?? "", reason);
    }
    mkdirSync(join(folder, "is a folder"));
    const said: string[] = [];
    loadTuning(adapter, (sentence) => said.push(sentence), { ...paths, user: join(folder, "is a folder") });
    assertEquals(said.length, 1);
    return Promise.resolve();
  }));

Deno.test("cacheFolder() is where the platform keeps caches", () => {
  assertEquals(cacheFolder({ XDG_CACHE_HOME: "/c" }, "linux"), join("/c", "crosswalk"));
  assertEquals(cacheFolder({}, "linux"), join(homedir(), ".cache", "crosswalk"));
  assertEquals(cacheFolder({}, "darwin"), join(homedir(), "Library", "Caches", "crosswalk"));
  assertEquals(cacheFolder({ LOCALAPPDATA: "/local" }, "win32"), join("/local", "crosswalk"));
});

Deno.test("adapterKey() names the adapter, and differs where the driver allows something else", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("There is no adapter");
  const { info, features, limits } = adapter;
  const key = adapterKey(adapter);
  assertMatch(key, /^[a-z0-9-]+-[0-9a-f]{8}$/);
  assertEquals(adapterKey({ info, features, limits }), key);
  assertNotEquals(adapterKey({ info, features: new Set(), limits }), key);
  assertNotEquals(adapterKey({ info, features, limits: { ...limits, maxBindGroups: 99 } }), key);
  assertMatch(tablePaths(key).shipped ?? "", /src.tuning.tables.[a-z0-9-]+\.json$/);
});

Deno.test("a device carries the schedules that it was opened with, and none by itself", async () => {
  const tuning = new Map([["a class", "a schedule"]]);
  using gpu = await Gpu.open({ tuning: () => tuning });
  assertEquals(deviceTraits(gpu).tuning, tuning);
  using plain = await Gpu.open();
  assertEquals(deviceTraits(plain).tuning, new Map());
});
