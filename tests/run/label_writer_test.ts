import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import type { Colour } from "../../src/data/encode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { resizeLabels } from "../../src/data/resize.ts";
import { LabelWriter } from "../../src/run/label_writer.ts";
import { withFolder } from "../data/pictures.ts";

const height = 3;
const width = 4;
const classes = 3;
const palette: Colour[] = [[1, 2, 3], [40, 50, 60], [9, 9, 9]];

/** Labels of image `index`, and other ones that agree in some places; some of both are ignored. */
function labelsOf(index: number, factor: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: height * width }, (_, pixel) => {
    const id = (pixel * factor + index) % (classes + 1);
    return id === classes ? 255 : id;
  });
}

Deno.test("labels are written in the classes' colours, ignored pixels white, and judged where there is a truth", () =>
  withFolder(async (folder) => {
    const count = 150;
    const judged = new Array<number>(classes).fill(0);
    const right = new Array<number>(classes).fill(0);
    const ofTruth = new Array<number>(classes).fill(0);
    const paths = Array.from({ length: count }, (_, index) => join(folder, "labels", `${index}.png`));
    await using writer = new LabelWriter(paths, classes, palette, { workers: 2 });
    for (let index = 0; index < count; index++) {
      const labels = labelsOf(index, 1);
      const truth = index % 5 === 0 ? null : labelsOf(index, 2);
      for (const [pixel, label] of labels.entries()) {
        const wanted = truth?.[pixel] ?? 255;
        if (wanted === 255) continue;
        ofTruth[wanted] = (ofTruth[wanted] ?? 0) + 1;
        if (label === 255) continue;
        judged[label] = (judged[label] ?? 0) + 1;
        right[label] = (right[label] ?? 0) + (label === wanted ? 1 : 0);
      }
      await writer.write({ labels, height, width }, truth);
    }
    const { precision, recall } = await writer.finish();
    assertEquals(precision, right.map((hits, id) => hits / (judged[id] ?? 0)));
    assertEquals(recall, right.map((hits, id) => hits / (ofTruth[id] ?? 0)));
    assert(recall.some((share, id) => share !== precision[id]), `${recall}`);
    assert(precision.some((share) => share !== null && share > 0 && share < 1), `${precision}`);
    assertEquals(readdirSync(join(folder, "labels")).length, count);
    for (const index of [0, 1, 77, count - 1]) {
      const bytes = new Uint8Array(readFileSync(join(folder, "labels", `${index}.png`)));
      assertEquals(decodeLabels(bytes, "written").labels, labelsOf(index, 1));
      const { pixels } = await decodeImage(bytes, "written");
      const colours = Array.from(
        { length: height * width },
        (_, pixel) => [...pixels.subarray(pixel * 4, pixel * 4 + 3)],
      );
      assertEquals(colours, [...labelsOf(index, 1)].map((id) => palette[id] ?? [255, 255, 255]));
    }
  }));

Deno.test("without a truth the share of right labels is unknown", () =>
  withFolder(async (folder) => {
    await using writer = new LabelWriter([join(folder, "a.png")], classes, palette, { workers: 1 });
    await writer.write({ labels: labelsOf(0, 1), height, width }, null);
    const unknown = [null, null, null];
    assertEquals(await writer.finish(), { precision: unknown, recall: unknown });
  }));

Deno.test("labels that cannot be written end in the sentence with their file; those beside them are whole", () =>
  withFolder(async (folder) => {
    const blocked = join(folder, "1.png");
    mkdirSync(blocked);
    {
      await using writer = new LabelWriter([0, 1, 2].map((index) => join(folder, `${index}.png`)), classes, palette, {
        workers: 2,
      });
      for (const index of [0, 1, 2]) await writer.write({ labels: labelsOf(index, 1), height, width }, null);
      await assertRejects(() => writer.finish(), Error, `Cannot write ${blocked}: `);
    }
    assertEquals(readdirSync(folder).sort(), ["0.png", "1.png", "2.png"]);
    const bytes = new Uint8Array(readFileSync(join(folder, "2.png")));
    assertEquals(decodeLabels(bytes, "written").labels, labelsOf(2, 1));
    assert(!existsSync(`${blocked}.tmp`));
  }));

Deno.test("labels are written at the image's own size, and read back at the working size as they were", () =>
  withFolder(async (folder) => {
    const labels = labelsOf(2, 1);
    for (const size of [{ height: 7, width: 9 }, { height: 3, width: 4 }, { height: 30, width: 41 }]) {
      const path = join(folder, `${size.height}.png`);
      await using writer = new LabelWriter([path], classes, palette, { workers: 1 });
      await writer.write({ labels: labels.slice(), height, width }, labels.slice(), size);
      // Judged at the working size.
      assertEquals((await writer.finish()).precision, [1, 1, 1]);
      const found = decodeLabels(new Uint8Array(readFileSync(path)), path);
      assertEquals([found.height, found.width], [size.height, size.width]);
      assertEquals(resizeLabels(found.labels, size.height, size.width, height, width), labels);
    }
  }));
