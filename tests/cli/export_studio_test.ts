/** What `export --studio` writes for its page beside the page itself. */

import { assertEquals, assertRejects } from "@std/assert";
import { run } from "../../src/cli/export.ts";
import { readPackedSource } from "../../src/data/packed_source.ts";
import { UsageError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { writeTowns } from "../../src/run/synth.ts";
import { townClasses } from "../../src/town/town.ts";
import { readSite } from "../../src/web/site.ts";

const town = { height: 32, width: 48, seed: 0 };

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function exported(folder: string, ...args: readonly string[]) {
  assertEquals(await run(["--web", `${folder}/site`, "--studio", "--json", ...args]), 0);
  return readSite(await Deno.readTextFile(`${folder}/site/site.json`), "site.json");
}

Deno.test("a studio without arguments has the towns, deeplab-nano and the towns' recipe, and no weights", async () => {
  await withFolder(async (folder) => {
    const site = await exported(folder, "--set", "rounds=1");
    assertEquals([site.model, site.weights, site.size], ["deeplab-nano", {}, { height: 96, width: 192 }]);
    assertEquals(site.classes, townClasses.map(({ name }) => name));
    assertEquals([site.studio?.source, site.studio?.recipe.rounds, site.studio?.recipe["source-steps"]], [
      ...[undefined, 1, 1100],
    ]);
    const names = [...Deno.readDirSync(`${folder}/site`)].map(({ name }) => name).sort();
    assertEquals(names, ["adapt_worker.js", "index.html", "licences.txt", "site.json", "studio.js", "style.css"]);
    const licences = await Deno.readTextFile(`${folder}/site/licences.txt`);
    const named = [...licences.matchAll(/^([\w-]+) \d+\.\d+\.\d+: /gm)].map(([, name]) => name);
    assertEquals(["preact", "valibot", "yaml"].filter((name) => named.includes(name)), ["preact", "valibot", "yaml"]);
    // Parts of a package are no packages of their own.
    assertEquals(named.filter((name) => name?.startsWith("preact")), ["preact"]);
  });
});

Deno.test("a studio of weights and a data set packs the data set for the weights' network", async () => {
  await withFolder(async (folder) => {
    await writeTowns(folder, { ...town, trainCount: 3, valCount: 2 });
    const classes = townClasses.map(({ name }) => name);
    using gpu = await Gpu.open();
    const network = new Network(gpu, findModel("deeplab-nano"), { classes, size: { height: 16, width: 24 } });
    network.store.initialize(0);
    await Deno.writeFile(`${folder}/weights.safetensors`, await network.save());
    const weights = ["--weights", `${folder}/weights.safetensors`];
    const site = await exported(folder, ...weights, "--source", `${folder}/source`, "--source-split", "val");
    const name = site.studio?.source ?? "";
    const packed = readPackedSource(await Deno.readFile(`${folder}/site/${name}`), name);
    assertEquals([packed.count, packed.size, packed.classes], [2, { height: 16, width: 24 }, classes]);
    // The weights say which network they are of; where there are some, a page labels with them as well.
    assertEquals([site.studio?.recipe.model, site.weights.adapted?.file], [undefined, "adapted.safetensors"]);
    assertEquals(Deno.statSync(`${folder}/site/studio.html`).isFile, true);

    const others = new Network(gpu, findModel("deeplab-nano"), { classes: ["cat", "dog"] });
    others.store.initialize(0);
    await Deno.writeFile(`${folder}/others.safetensors`, await others.save());
    const other = ["--web", `${folder}/other`, "--studio", "--weights", `${folder}/others.safetensors`];
    await assertRejects(() => run(other), UsageError, "Give --source");
  });
});

Deno.test("a studio of a network that takes no photographs is refused by name", async () => {
  await withFolder(async (folder) => {
    const args = ["--web", `${folder}/site`, "--studio", "--set", "model=fidnet"];
    await assertRejects(() => run(args), UsageError, "fidnet");
  });
});
