import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { labelSet } from "../../src/data/label_sets.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { renderTown } from "../../src/town/town.ts";
import { Labeller } from "../../src/web/labeller.ts";
import { readSite } from "../../src/web/site.ts";
import { crosswalk, inTemporaryFolder } from "../cli/program.ts";
import { write } from "../data/pictures.ts";

Deno.test("a page labels as predict does, in the classes of another label set, with the confidence of each pixel", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, png, web, out] = ["w.safetensors", "street.png", "web", "out"].map((name) => join(folder, name));
    assert(weights !== undefined && png !== undefined && web !== undefined && out !== undefined);
    using gpu = await Gpu.open();
    const metadata = { classes: labelSet("cityscapes-19").classes, size: { height: 48, width: 64 } };
    const network = new Network(gpu, findModel("deeplab-nano"), metadata, { trainable: false });
    network.store.initialize(4);
    write(weights, await network.save());
    network.dispose();
    // Of another shape than the network was trained on, so that it is padded.
    const { pixels, height, width } = renderTown("target", 2, { height: 70, width: 131, seed: 1 });
    write(png, encodeRgbPng(pixels, height, width));

    const set = ["--label-set", "camvid-11"];
    assertEquals((await crosswalk("export", "--web", web, "--weights", weights, ...set)).code, 0);
    const options = ["--weights", weights, "--images", png, "--out", out, "--probabilities"];
    assertEquals((await crosswalk("predict", ...options, ...set)).code, 0);

    const site = readSite(readFileSync(join(web, "site.json"), "utf8"), "site.json");
    assertEquals(site.labelSet?.classes, labelSet("camvid-11").classes);
    const contents = Uint8Array.from(readFileSync(join(web, "adapted.safetensors")));
    const labeller = new Labeller(gpu, "adapted", site, contents);
    const image = await decodeImage(readFileSync(png), png);
    const compiled: string[] = [];
    const label = () =>
      labeller.label(image, [{ stage: "decode", milliseconds: 1 }], {
        withConfidence: true,
        onCompile: (size) => compiled.push(size),
      });
    const { labels, counts, confidence, seen, times } = await label();
    const wanted = (await decodeLabels(readFileSync(join(out, "street.png")), "street.png")).labels;
    assertEquals(labels, Uint8Array.from(wanted));
    assertEquals(counts, labelSet("camvid-11").classes.map((_, id) => wanted.filter((one) => one === id).length));
    assertEquals([seen, compiled], ["48×90", ["48×90"]]);
    assertEquals(times.map(({ stage }) => stage), ["decode", "resize", "compile", "network", "confidence"]);

    const { shape, data } = readNpy(readFileSync(join(out, "street.probabilities.npy")), "probabilities");
    assertEquals(shape, [19, height, width]);
    const plane = height * width;
    const largest = Array.from({ length: plane }, (_, pixel) => {
      return Math.max(...Array.from({ length: 19 }, (_, id) => Number(data[id * plane + pixel])));
    });
    for (const [pixel, value] of (confidence ?? []).entries()) {
      assert(Math.abs(value - 255 * (largest[pixel] ?? 0)) <= 0.51, `pixel ${pixel}: ${value}, ${largest[pixel]}`);
    }
    assertEquals(confidence?.length, plane);

    // The second picture of that size compiles nothing.
    const again = await label();
    assertEquals([again.labels, compiled.length], [labels, 1]);
    assertEquals(again.times.map(({ stage }) => stage), ["decode", "resize", "network", "confidence"]);
  }));
