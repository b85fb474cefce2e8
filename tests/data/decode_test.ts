import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { encode } from "fast-png";
import { labelTable, translateLabels } from "../../src/data/class_map.ts";
import { readClassMap } from "../../src/data/folder.ts";
import { decodeImage, imageHeader } from "../../src/data/decode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { resizeImage, resizeLabels } from "../../src/data/resize.ts";
import { testWithShared } from "../shared.ts";
import { plainPng } from "./pictures.ts";

testWithShared(
  "CamVid JPEGs become the stored pixels of the reference at 240×320, byte for byte",
  ["data/camvid/val", "data/parity/val/val", "data/maps/idd7_from_camvid11.json"],
  async (camvid, parity, mapPath) => {
    const table = labelTable(11, 255, readClassMap(mapPath ?? ""));
    const stems = readdirSync(`${parity}/images`).sort().filter((_, index) => index % 9 === 0);
    assertEquals(stems.length, 12);
    for (const file of stems) {
      const jpeg = await decodeImage(readFileSync(`${camvid}/images/${file.replace(".png", ".jpg")}`), file);
      const expected = await decodeImage(readFileSync(`${parity}/images/${file}`), file);
      assertEquals(resizeImage(jpeg.pixels, jpeg.height, jpeg.width, 240, 320), expected.pixels);
      const raw = decodeLabels(readFileSync(`${camvid}/labels/${file}`), file);
      const labels = resizeLabels(translateLabels(raw.labels, raw.width, table, file), raw.height, raw.width, 240, 320);
      assertEquals(labels, decodeLabels(readFileSync(`${parity}/labels/${file}`), file).labels);
    }
  },
);

testWithShared("a JPEG that is cut short names the file", ["data/camvid/val/images"], async (folder) => {
  const bytes = readFileSync(`${folder}/0016E5_07959.jpg`);
  assertEquals(imageHeader(bytes.subarray(0, 1000), "a.jpg"), {
    kind: "JPEG",
    stored: { height: 360, width: 480 },
    height: 360,
    width: 480,
  });
  for (const length of [bytes.length - 1, Math.floor(bytes.length / 2), 100, 3]) {
    await assertRejects(
      () => decodeImage(bytes.subarray(0, length), "target/a.jpg"),
      Error,
      "Cannot read target/a.jpg: the JPEG file is cut short",
    );
  }
});

testWithShared(
  "a damaged JPEG is an error and the next one is decoded as before",
  ["data/camvid/val/images"],
  async (folder) => {
    const bytes = readFileSync(`${folder}/0016E5_07959.jpg`);
    const before = await decodeImage(bytes, "a.jpg");
    const damaged = Uint8Array.from(bytes);
    const huffman = damaged.findIndex((byte, index) => byte === 0xff && damaged[index + 1] === 0xc4);
    damaged.fill(0xff, huffman + 4, huffman + 24);
    await assertRejects(() => decodeImage(damaged, "a.jpg"), Error, "Cannot read a.jpg");
    assertEquals(await decodeImage(bytes, "a.jpg"), before);
  },
);

Deno.test("decodeImage() makes RGBA of grey, grey with alpha, RGB, RGBA and palette PNGs", async () => {
  const pixel = async (png: Uint8Array) => Array.from((await decodeImage(png, "x.png")).pixels);
  assertEquals(await pixel(encode({ height: 1, width: 2, channels: 1, data: Uint8Array.of(7, 250) })), [
    7,
    7,
    7,
    255,
    250,
    250,
    250,
    255,
  ]);
  assertEquals(await pixel(encode({ height: 1, width: 1, channels: 2, data: Uint8Array.of(7, 9) })), [7, 7, 7, 255]);
  assertEquals(await pixel(plainPng(1, 1, [1, 2, 3])), [1, 2, 3, 255]);
  assertEquals(await pixel(encode({ height: 1, width: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 0) })), [
    1,
    2,
    3,
    255,
  ]);
  const palette = [[9, 8, 7], [6, 5, 4]];
  assertEquals(await pixel(encode({ height: 1, width: 1, channels: 1, palette, data: Uint8Array.of(1) })), [
    6,
    5,
    4,
    255,
  ]);
  // Four pixels of two bits, 0 1 2 3, in one byte.
  const grey = encode({ height: 1, width: 4, channels: 1, depth: 2, data: Uint8Array.of(0b00011011) });
  assertEquals((await pixel(grey)).filter((_, index) => index % 4 === 0), [0, 85, 170, 255]);
});

Deno.test("decodeImage() reads Uint8Arrays that are a part of a larger buffer", async () => {
  const png = plainPng(2, 3, [1, 2, 3]);
  const buffer = new Uint8Array(png.length + 10);
  buffer.set(png, 5);
  assertEquals(await decodeImage(buffer.subarray(5, 5 + png.length), "x.png"), await decodeImage(png, "x.png"));
});

Deno.test("decodeLabels() takes the indices of palette PNGs as ids, with and without a palette", () => {
  const labels = Uint8Array.of(0, 1, 2, 255, 1, 0);
  for (const palette of [undefined, [[1, 2, 3], [1, 2, 3], [9, 9, 9]] as [number, number, number][]]) {
    const png = encodeLabelPng(labels, 2, 3, palette);
    assertEquals(decodeLabels(png, "x.png").labels, labels);
  }
  const packed = encode({ height: 2, width: 3, channels: 1, depth: 4, data: Uint8Array.of(0x12, 0x30, 0x45, 0x60) });
  assertEquals(Array.from(decodeLabels(packed, "x.png").labels), [1, 2, 3, 4, 5, 6]);
});

Deno.test("encodeRgbPng() writes three bytes a pixel from three or four", async () => {
  const rgba = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255);
  const rgb = Uint8Array.of(1, 2, 3, 4, 5, 6);
  assertEquals((await decodeImage(encodeRgbPng(rgba, 2, 1), "x.png")).pixels, rgba);
  assertEquals(encodeRgbPng(rgb, 2, 1), encodeRgbPng(rgba, 2, 1));
  assertThrows(() => encodeRgbPng(rgb, 2, 2), RangeError, "expected [2, 2, 3] = 12");
});

Deno.test("files of other kinds are refused in words", async () => {
  await assertRejects(
    () => decodeImage(new TextEncoder().encode("GIF89a"), "a.gif"),
    Error,
    "it is a GIF file. Images are read as PNG, JPEG, WebP, BMP, TIFF and HEIC",
  );
});

Deno.test("a PNG that is cut short or has a wrong byte names the file", async () => {
  const noise = Uint8Array.from({ length: 30 * 40 * 3 }, (_, index) => Math.imul(index, 2654435761) >>> 24);
  const png = encodeRgbPng(noise, 30, 40);
  for (const length of [10, 40, Math.floor(png.length / 2), png.length - 12, png.length - 1]) {
    await assertRejects(
      () => decodeImage(png.subarray(0, length), "a.png"),
      Error,
      "Cannot read a.png: the PNG file is cut short",
    );
  }
  const damaged = Uint8Array.from(png);
  damaged[500] = (damaged[500] ?? 0) ^ 1;
  await assertRejects(
    () => decodeImage(damaged, "a.png"),
    Error,
    'Cannot read a.png: the PNG file is damaged (the checksum of its chunk "IDAT" is wrong)',
  );
});
