import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { encode } from "fast-png";
import { labelTable } from "../../src/data/class_map.ts";
import { parseDataset } from "../../src/data/dataset.ts";
import { encodeLabelPng } from "../../src/data/encode.ts";
import { decodeSample, sizeProblem } from "../../src/data/file_item.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { plainPng } from "./pictures.ts";

/** Expects an error whose message holds all of `parts`. */
function assertSentence(action: () => unknown, ...parts: string[]): void {
  const { message } = assertThrows(action, Error);
  for (const part of parts) assert(message.includes(part), `"${message}" lacks "${part}"`);
}

const towns = '{"name": "n", "classes": ["road", "car"], "palette": ["#804080", "#00008e"], "ignore": 200';

/** The ids of the colours of a data set. */
function coloursOf(text: string) {
  return parseDataset(text, join("n", "dataset.json")).labelColours;
}

/** A PNG of 2×3 pixels, with values of 8 or 16 bits. */
function png(channels: 1 | 2 | 3 | 4, values: number[], depth: 8 | 16 = 8): Uint8Array {
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return encode({ height: 2, width: 3, channels, depth, data });
}

const [road, car, none, odd] = [[128, 64, 128], [0, 0, 142], [0, 0, 0], [128, 64, 129]] as const;

Deno.test("labels of 16 bits are read; an id above 255 is named with its pixel", () => {
  assertEquals(Array.from(decodeLabels(png(1, [0, 1, 2, 3, 4, 255], 16), "l.png").labels), [0, 1, 2, 3, 4, 255]);
  assertSentence(() => decodeLabels(png(1, [0, 1, 2, 3, 1000, 255], 16), "l.png"), "l.png: id 1000 at row 1, column 1");
});

Deno.test("grey labels may have alpha, which does not count", () => {
  assertEquals(Array.from(decodeLabels(png(2, [0, 1, 2].flatMap((id) => [id, 255, 7, 0])), "l.png").labels), [
    ...[0, 7, 1, 7, 2, 7],
  ]);
});

Deno.test("labels in colour are translated by the palette of the data set, RGB and RGBA", () => {
  const colours = coloursOf(`${towns}, "ignore_palette": ["#000"]}`);
  const pixels = [road, car, none, car, car, road];
  const wanted = [0, 1, 200, 1, 1, 0];
  assertEquals(Array.from(decodeLabels(png(3, pixels.flat()), "l.png", { colours }).labels), wanted);
  const transparent = pixels.flatMap((colour) => [...colour, 0]);
  assertEquals(Array.from(decodeLabels(png(4, transparent), "l.png", { colours }).labels), wanted);
  const deep = pixels.flat().map((value) => value * 257);
  assertEquals(Array.from(decodeLabels(png(3, deep, 16), "l.png", { colours }).labels), wanted);
});

Deno.test("a colour that is not in the palette is named with its pixel, a palette that is missing too", () => {
  const labels = png(3, [road, car, car, road, odd, car].flat());
  const parts = ["l.png: the colour #804081 (128, 64, 129) at row 1, column 1", "none of the 2 colours"];
  assertSentence(() => decodeLabels(labels, "l.png", { colours: coloursOf(`${towns}}`) }), ...parts);
  const without = coloursOf('{"name": "n", "classes": ["road", "car"]}');
  assertSentence(() => decodeLabels(labels, "l.png", { colours: without }), "l.png: it is in colour", 'Add "palette"');
  const shared = coloursOf('{"name": "n", "classes": ["a", "b", "c"], "palette": ["#804080", "#804080", "#00008e"]}');
  assertSentence(() => decodeLabels(labels, "l.png", { colours: shared }), "#804080 (128, 64, 128) at row 0, column 0");
  assertSentence(() => coloursOf(`${towns}, "ignore_palette": ["#00008e"]}`), 'is the colour of the class "car"');
});

Deno.test("labels that are no PNG are refused", () => {
  assertSentence(() => decodeLabels(Uint8Array.of(0xff, 0xd8), "l.jpg"), "l.jpg: it is not a PNG file, but JPEG");
  assertSentence(() => decodeLabels(Uint8Array.of(1, 2), "l.npy"), "l.npy: it is not a PNG file. Labels must be");
});

Deno.test("labels of the size before an image was turned are told so", () => {
  const sizes = { image: { height: 3, width: 2 }, stored: { height: 2, width: 3 } };
  assertEquals(sizeProblem({ ...sizes, labels: sizes.image }, "i.jpg", "l.png"), null);
  const turned = sizeProblem({ ...sizes, labels: sizes.stored }, "i.jpg", "l.png");
  assert(turned?.includes("i.jpg is 3×2") && turned.includes("on the picture that was not turned"), String(turned));
  const other = sizeProblem({ ...sizes, labels: { height: 9, width: 9 } }, "i.jpg", "l.png");
  assert(other?.endsWith("Both must have the same size"), String(other));
});

Deno.test("a sample has the classes of its labels in colour, after the class map", async () => {
  const item = {
    name: "i",
    imagePath: "i.png",
    labelPath: "l.png",
    labelTable: labelTable(2, 200, { name: "m", fromClasses: ["road", "car"], toClasses: ["x", "y"], toId: [1, 0] }),
    labelColours: coloursOf(`${towns}, "ignore_palette": ["#000"]}`),
  };
  const files = { image: plainPng(2, 3, [1, 2, 3]), labels: png(3, [road, car, none, car, car, road].flat()) };
  const { labels } = await decodeSample(item, files, { size: null });
  assertEquals(Array.from(labels ?? []), [1, 0, 255, 0, 0, 1]);
  const small = { ...files, labels: encodeLabelPng(Uint8Array.of(0), 1, 1) };
  const refusal = await decodeSample(item, small, { size: null }).then(() => "", (error) => error.message);
  assert(refusal.includes("its labels l.png are 1×1 pixels"), refusal);
});
