import { assert, assertEquals } from "@std/assert";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { decodeLabels } from "../../src/data/labels.ts";
import { renderTown } from "../../src/town/town.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { write } from "../data/pictures.ts";
import { networkFile, pictureSize, recipe, street, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

/** How often `part` occurs in `text`. */
const count = (text: string, part: string) => text.split(part).length - 1;

/** A street in 16 colours: as a palette PNG, and as an RGB PNG of the same colours. */
function paletteStreet() {
  const { height, width } = pictureSize;
  const { pixels } = renderTown("source", 3, { ...pictureSize, seed: 1 });
  const palette = Array.from({ length: 16 }, (_, index) => [index * 17, 255 - index * 16, (index * 53) % 256]);
  const indices = Uint8Array.from({ length: height * width }, (_, pixel) => (pixels[pixel * 4] ?? 0) >> 4);
  const rgb = Uint8Array.from([...indices].flatMap((index) => palette[index] ?? []));
  return {
    indexed: encode({ height, width, channels: 1, depth: 8, data: indices, palette }),
    plain: encode({ height, width, channels: 3, depth: 8, data: rgb }),
  };
}

Deno.test("predict and evaluate agree on images of mixed and odd sizes, palette PNGs among images and labels", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    const weights = join(folder, "network.safetensors");
    const images = join(data, "mixed", "images");
    const labels = join(data, "mixed", "labels");
    writeStreets(data);
    write(weights, (await networkFile()).bytes);
    const { indexed, plain } = paletteStreet();
    write(join(images, "indexed.png"), indexed);
    write(join(images, "plain.png"), plain);
    // The network's stride is 4. All but the even one are padded.
    const sizes: Record<string, [number, number]> = { odd: [31, 65], other: [30, 63], small: [16, 16], even: [32, 64] };
    for (const [name, [height, width]] of Object.entries(sizes)) {
      write(join(images, `${name}.png`), street(2, { height, width }).image);
    }

    const out = join(folder, "out");
    const predicted = await crosswalk("predict", "--weights", weights, "--images", images, "--out", out);
    assertEquals([predicted.code, predicted.stdout], [0, ""], predicted.stderr);
    const found = (name: string) => decodeLabels(readFileSync(join(out, `${name}.png`)), name);
    for (const [name, [height, width]] of Object.entries(sizes)) {
      assertEquals([found(name).height, found(name).width], [height, width], name);
    }
    assertEquals(found("indexed"), found("plain"));
    assert(new Set(found("even").labels).size > 1, "the network sees but one class");

    // What predict wrote are palette PNGs. As labels, their indices are the ids.
    mkdirSync(labels);
    for (const name of ["indexed", "plain", ...Object.keys(sizes)]) {
      copyFileSync(join(out, `${name}.png`), join(labels, `${name}.png`));
    }
    const evaluated = await crosswalk(
      ...["evaluate", "--weights", weights, "--data", data, "--split", "mixed", "--json"],
    );
    assertEquals(evaluated.code, 0, evaluated.stderr);
    const { miou, pixelAccuracy, images: scored } = JSON.parse(evaluated.stdout);
    assertEquals([miou, pixelAccuracy, scored], [1, 1, 6]);

    // Without one label file and with one that is damaged, the others are scored, and both are told.
    Deno.removeSync(join(labels, "odd.png"));
    write(join(labels, "small.png"), "damaged");
    const part = await crosswalk(
      ...["evaluate", "--weights", weights, "--data", data, "--split", "mixed", "--skip-broken", "--json"],
    );
    assertEquals([part.code, JSON.parse(part.stdout).images], [0, 4], part.stderr);
    for (const said of ["has labels for 5 of 6 images", "1 image cannot be used", "labels/small.png"]) {
      assert(part.stderr.includes(said), part.stderr);
    }
  }));

Deno.test("adapt works with one source and one target image; diverging later, it keeps the last good checkpoint", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    const config = join(folder, "recipe.yaml");
    const out = join(folder, "run");
    writeStreets(data);
    write(config, recipe);
    const adapt = (...more: string[]) => crosswalk("adapt", "--source", data, "--target", data, ...more);

    // 33×62 is no size for a stride of 4.
    const done = await adapt("--config", config, "--size", "33x62", "--out", out, "--json");
    assertEquals(done.code, 0, done.stderr);
    assertEquals(count(done.stderr, "The size 33×62 is no multiple of the network's stride 4: working at 32×64"), 1);
    const result = JSON.parse(done.stdout);
    assertEquals([result.adapted.images, result.rounds.length], [1, 1]);
    assertEquals(readdirSync(join(out, "pictures")), ["street.png"]);

    const diverging = join(folder, "diverging");
    const more = ["--source-model", join(out, "source.safetensors"), "--rounds", "2", "--epochs", "20"];
    const stopped = await adapt("--config", config, ...more, "--learning-rate", "0.001,1e30", "--out", diverging);
    assertEquals(stopped.code, 1, stopped.stderr);
    assert(
      /crosswalk: Training stopped at step \d+: .* not finite.*from the last good checkpoint with --resume/.test(
        stopped.stderr,
      ),
    );
    const path = join(diverging, "checkpoint.safetensors");
    const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(path)), path);
    assertEquals([metadata.stage, metadata.step], ["round 1", "20"]);
    for (const [name, { values }] of tensors) assert(values.every(Number.isFinite), name);
    assertEquals(existsSync(join(diverging, "weights.safetensors")), false);
  }));
