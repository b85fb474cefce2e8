/** What earlier versions wrote is read by this one: weight files, and the folders of runs. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { loadNetwork } from "../../src/nn/network.ts";
import { FolderStore } from "../../src/run/folder_store.ts";
import { savedSettings } from "../../src/run/run_config.ts";
import { timedForm } from "../../src/selftraining/kept.ts";
import { scoresForm } from "../../src/selftraining/kept_results.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

/** Files of a run of `adapt` that version 0.1.0 began and that was stopped in its first round. */
const earlier = fileURLToPath(new URL("./version_0_1_0", import.meta.url));

/** Opens a copy of the earlier run to go on with it. */
function goOn(folder: string, given: Values = {}): FolderStore {
  const path = join(folder, "run");
  return FolderStore.open(path, resolveSettings("adapt", { ...savedSettings(path), ...given }), { resume: true });
}

async function inEarlierRun(body: (folder: string, configPath: string) => Promise<void> | void): Promise<void> {
  await withFolder(async (folder) => {
    cpSync(earlier, join(folder, "run"), { recursive: true });
    await body(folder, join(folder, "run", "config.json"));
  });
}

Deno.test("a run that version 0.1.0 began is gone on with: its finished stages are not done again", () =>
  inEarlierRun(async (folder) => {
    const store = goOn(folder);
    const again = () => Promise.reject(new Error("it was done again"));
    const { value } = await store.once("source: evaluation", timedForm(scoresForm), again);
    assertEquals(value?.images, 40);
    await store.truncateLog("source", 10);
    store.close();
    const lines = readFileSync(store.file("metrics.jsonl"), "utf8").trim().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).step), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }));

Deno.test("an option that is younger than the run had its default; another value is refused by name", () =>
  inEarlierRun((folder, configPath) => {
    const { "mining-chance": _, ...config } = JSON.parse(readFileSync(configPath, "utf8"));
    writeFileSync(configPath, JSON.stringify(config));
    goOn(folder).close();
    assertThrows(
      () => goOn(folder, { "mining-chance": 0.5 }),
      UsageError,
      "was started with other settings: --mining-chance was 0.8 and is 0.5",
    );
  }));

Deno.test("a run goes on as it began where the defaults have changed since, and where options are younger", () =>
  inEarlierRun((folder, configPath) => {
    const { crop: _, ...config } = JSON.parse(readFileSync(configPath, "utf8"));
    delete config["source-images"];
    writeFileSync(configPath, JSON.stringify({ ...config, "spatial-prior": false }));
    const settings = resolveSettings("adapt", savedSettings(join(folder, "run")) ?? {});
    const kept = ["crop", "epochs", "mining", "spatial-prior", "source-images", "source-portion"] as const;
    assertEquals(kept.map((key) => settings.get(key)), ["whole", 2, "off", false, undefined, 0.03]);
    assertEquals([settings.get("target-images"), settings.get("repeat-images")], ["all", false]);
    goOn(folder).close();
    assertThrows(() => goOn(folder, { "target-images": 240 }), UsageError, '--target-images was "all" and is 240');
  }));

Deno.test("a run with an option that is no more is refused by name", () =>
  inEarlierRun((folder, configPath) => {
    writeFileSync(configPath, JSON.stringify({ ...JSON.parse(readFileSync(configPath, "utf8")), "old-option": 3 }));
    assertThrows(() => goOn(folder), UsageError, "--old-option was 3 and is nothing");
  }));

testWithShared(
  "weight files of earlier versions are read, and their values are kept",
  ["data/inputs/base.safetensors", "data/weights/reference_source.safetensors"],
  async (...paths) => {
    const gpu = await testGpu();
    for (const path of paths) {
      const bytes = new Uint8Array(readFileSync(path));
      const network = loadNetwork(gpu, bytes, path, { trainable: false });
      const { tensors } = readSafetensors(bytes, path);
      const saved = readSafetensors(await network.save(), "saved").tensors;
      assert(saved.size > 20);
      for (const [name, { shape, values }] of saved) assertEquals(tensors.get(name), { shape, values }, name);
      network.dispose();
    }
  },
);
