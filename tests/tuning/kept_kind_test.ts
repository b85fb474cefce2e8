import { assert, assertEquals } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptKind } from "../../src/tuning/kept_kind.ts";
import { adapterKey } from "../../src/tuning/table.ts";
import { inTemporaryFolder } from "../cli/program.ts";

const anAdapter = async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("There is no adapter");
  const { info, features, limits } = adapter;
  return { info, features, limits };
};

Deno.test("keptKind() measures an adapter once, and anew where the file cannot be used", () =>
  inTemporaryFolder(async (folder) => {
    const adapter = await anAdapter();
    let measurements = 0;
    const kind = (of = adapter) =>
      keptKind(of, () => Promise.resolve({ software: measurements % 2 === 0, ratio: ++measurements }), folder);
    assertEquals(await kind(), { software: true, ratio: 1 });
    const file = `${adapterKey(adapter)}.json`;
    assertEquals(readdirSync(folder), [file]);
    assertEquals(await kind(), { software: true, ratio: 1 });
    const otherDriver = { ...adapter, features: new Set<GPUFeatureName>() };
    assertEquals(await kind(otherDriver), { software: false, ratio: 2 });
    assertEquals(await kind(), { software: true, ratio: 1 });
    const damaged = ["{", "[]", `{"version":0,"adapter":"${adapterKey(adapter)}","software":false,"ratio":1}`];
    const ofAnother = `{"version":1,"adapter":"another","software":false,"ratio":1}`;
    for (const text of [...damaged, ofAnother]) {
      writeFileSync(join(folder, file), text);
      const before = measurements;
      const found = await kind();
      assertEquals(measurements, before + 1, text);
      assertEquals(await kind(), found);
    }
  }));

Deno.test("keptKind() measures each time where no file can be written", () =>
  inTemporaryFolder(async (folder) => {
    const adapter = await anAdapter();
    const noFolder = join(folder, "file");
    writeFileSync(noFolder, "");
    for (let ratio = 1; ratio < 3; ratio++) {
      assertEquals(await keptKind(adapter, () => Promise.resolve({ software: true, ratio }), noFolder), {
        software: true,
        ratio,
      });
    }
    assert(readdirSync(folder).length === 1);
  }));
