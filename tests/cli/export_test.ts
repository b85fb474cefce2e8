import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { besideSource, requireComparable, siteWeights } from "../../src/cli/site_weights.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network, readWeights } from "../../src/nn/network.ts";
import { openWeights } from "../../src/run/weights.ts";
import { readSite, type Site } from "../../src/web/site.ts";
import { withFolder, write } from "../data/pictures.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

/** Writes the weights of a network that nobody trained. */
async function writeNetwork(path: string, model: string, classes: readonly string[], seed = 1): Promise<void> {
  using gpu = await Gpu.open();
  const network = new Network(gpu, findModel(model), { classes, size: { height: 96, width: 128 } }, {
    trainable: false,
  });
  network.store.initialize(seed);
  write(path, await network.save());
  network.dispose();
}

function siteIn(folder: string): Site {
  return readSite(readFileSync(join(folder, "site.json"), "utf8"), "site.json");
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

Deno.test("export writes a page of relative paths, with weights of 16 bits, in 350 kB and its weights", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, source, web] = ["weights", "source", "a page"].map((name) => join(folder, name));
    assert(weights !== undefined && source !== undefined && web !== undefined);
    await writeNetwork(`${weights}.safetensors`, "deeplab-nano", ["<road>", 'a "b"', "שמיים"]);
    await writeNetwork(`${source}.safetensors`, "deeplab-nano", ["<road>", 'a "b"', "שמיים"], 2);
    const title = 'Streets </title><script>alert("x")</script>';
    const args = ["export", "--web", web, "--weights", `${weights}.safetensors`, "--title", title];
    const { code, stdout, stderr } = await crosswalk(...args, "--dtype", "f16", "--json");
    assertEquals(code, 0, stderr);
    const files = [
      ...["adapted.safetensors", "app.js", "index.html", "licences.txt", "site.json", "source.safetensors"],
      ...["style.css", "worker.js"],
    ];
    assertEquals(readdirSync(web).sort(), files);
    assertEquals(Object.keys(JSON.parse(stdout).files).sort(), files);
    // The scripts hold code of others, which may be handed on with its licence.
    const licences = readFileSync(join(web, "licences.txt"), "utf8");
    for (const name of ["preact", "valibot"]) assertMatch(licences, new RegExp(`^${name} [\\d.]+: MIT$`, "m"));
    assertMatch(licences, /Jason Miller[^]*Permission is hereby granted/);
    const site = siteIn(web);
    assertEquals([site.title, site.model, site.classes[2]], [title, "deeplab-nano", "שמיים"]);
    assertEquals(site.palette.length, 3);
    const adapted = readFileSync(join(web, "adapted.safetensors"));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", adapted));
    assertEquals(site.weights.adapted, { file: "adapted.safetensors", bytes: adapted.length, sha256: digest.toHex() });
    assert(adapted.length < 0.52 * readFileSync(`${weights}.safetensors`).length, `${adapted.length} bytes`);

    const html = readFileSync(join(web, "index.html"), "utf8");
    const places = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, place]) => place);
    assertEquals(places, ["data:,", "style.css", "app.js"]);
    assertEquals(html.includes("<script>alert"), false);
    assertMatch(html, /content="default-src 'none'; [^"]*connect-src 'self'/);

    const sizes = await Promise.all(
      files.filter((name) => !name.endsWith(".safetensors")).map(
        (name) => gzipped(Uint8Array.from(readFileSync(join(web, name)))),
      ),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert(total <= 350_000, `the page takes ${total} bytes, gzipped`);

    // The file beside the weights may be the weights, by another name of theirs.
    assertEquals(besideSource(`${weights}.safetensors`), `${source}.safetensors`);
    assertEquals(besideSource(`${folder}/./source.safetensors`), undefined);

    // Exported anew, with something else beside the weights.
    await writeNetwork(`${source}.safetensors`, "fidnet-nano", ["road", "car"]);
    const again = await crosswalk(...args);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stderr, "is left out: Cannot export");
    assertStringIncludes(again.stderr, `http.server --directory '${web}' 8080`);
    assertEquals(existsSync(join(web, "source.safetensors")), false);
    assertEquals(siteIn(web).weights.source, undefined);
  }));

Deno.test("weights of 16 bits are read back as the numbers nearest to those of 32 bits", () =>
  withFolder(async (folder) => {
    const path = join(folder, "w.safetensors");
    await writeNetwork(path, "deeplab-nano", ["road", "sky"]);
    const opened = openWeights(path);
    const { tensors } = readWeights(siteWeights(opened, "w", "f16").contents, "w");
    assertEquals([...tensors.keys()].sort(), [...opened.tensors.keys()].sort());
    for (const [name, { values }] of opened.tensors) {
      assertEquals(tensors.get(name)?.values, Float32Array.from(Float16Array.from(values)), name);
    }
    const [[name = "", first] = []] = opened.tensors;
    const large = new Map([[name, { shape: [1], values: Float32Array.of(1e6) }]]);
    assert(first !== undefined);
    const error = assertThrows(() => siteWeights({ ...opened, tensors: large }, "w", "f16"), Error);
    assertStringIncludes(error.message, `tensor "${name}" holds 1000000`);
    const other = { ...opened, metadata: { classes: ["road", "tree"] } };
    assertStringIncludes(assertThrows(() => requireComparable(opened, other), Error).message, "their classes differ");
  }));

Deno.test("export refuses what is no page or cannot be one, by name", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, web, other] = ["w.safetensors", "web", "other"].map((name) => join(folder, name));
    assert(weights !== undefined && web !== undefined && other !== undefined);
    await writeNetwork(weights, "fidnet-nano", ["road", "car"]);
    const fidnet = await crosswalk("export", "--web", web, "--weights", weights);
    assertEquals([fidnet.code, existsSync(web)], [1, false]);
    assertStringIncludes(fidnet.stderr, "it holds fidnet-nano, which takes");
    assertStringIncludes(fidnet.stderr, "A page gives its network RGB pictures");
    const usage = async (...args: string[]) => {
      const { code, stderr } = await crosswalk("export", ...args);
      assertEquals(code, 2, stderr);
      return stderr;
    };
    assertStringIncludes(await usage("--weights", weights), "Give --web");
    assertStringIncludes(await usage("--web", web), "Give --weights");
    await writeNetwork(weights, "deeplab-nano", ["road", "car"]);
    write(join(other, "letter.txt"), "mine");
    assertStringIncludes(await usage("--web", other, "--weights", weights), "letter.txt");
    write(join(other, "site.json"), "{}");
    assertStringIncludes(await usage("--web", other, "--weights", weights), "holds something else");
    assertEquals(readdirSync(other).sort(), ["letter.txt", "site.json"]);
    const missing = await crosswalk("export", "--web", web, "--weights", join(folder, "no.safetensors"));
    assertEquals([missing.code, existsSync(web)], [1, false]);
    assertStringIncludes(missing.stderr, "no.safetensors");
  }));
