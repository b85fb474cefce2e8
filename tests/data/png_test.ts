import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { decode, encode } from "fast-png";
import { decodeImage } from "../../src/data/decode.ts";
import { pngSamples } from "../../src/data/decoders/png.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { testWithShared } from "../shared.ts";
import { deepPng, plainPng, withChunk } from "./pictures.ts";

function noise(length: number, largest: number): number[] {
  return Array.from({ length }, (_, index) => (Math.imul(index + 1, 2654435761) >>> 8) % (largest + 1));
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const body = Uint8Array.from([...new TextEncoder().encode(name), ...content]);
  const bytes = new Uint8Array(8 + body.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(body, 4);
  new DataView(bytes.buffer).setUint32(4 + body.length, crc32(body));
  return bytes;
}

interface Form {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced?: boolean;
}

/** A PNG file from its rows with their filter bytes, compressed in two chunks. */
function pngOf({ height, width, depth, colourType, interlaced = false }: Form, rows: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  const data = deflateSync(rows);
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", data.subarray(0, 1)),
    ...chunk("IDAT", data.subarray(1)),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

Deno.test("the samples of PNGs of 8 and 16 bits are those that another decoder reads, with every filter", () => {
  const [height, width] = [11, 13];
  for (const [colourType, channels] of [[0, 1], [2, 3], [4, 2], [6, 4]] as const) {
    for (const depth of [8, 16]) {
      const rowBytes = width * channels * depth / 8;
      const rows = Uint8Array.from(noise(height * (rowBytes + 1), 255));
      for (let row = 0; row < height; row++) rows[row * (rowBytes + 1)] = row % 5;
      const png = pngOf({ height, width, depth, colourType }, rows);
      assertEquals(pngSamples(png, "a.png").samples, decode(png).data);
    }
  }
});

Deno.test("interlaced PNGs hold the pixels of those that are not, for samples of every size", async () => {
  const [height, width] = [9, 11];
  for (const depth of [1, 2, 4, 8, 16]) {
    const values = noise(height * width, 2 ** depth - 1);
    const packed = (row: number, first: number, step: number) => {
      const bits = values.slice(row * width, (row + 1) * width).filter((_, x) => x >= first && (x - first) % step === 0)
        .map((value) => value.toString(2).padStart(depth, "0")).join("");
      return [0, ...(bits.match(/.{1,8}/g) ?? []).map((byte) => parseInt(byte.padEnd(8, "0"), 2))];
    };
    const pass = ([top, rowStep, first, step]: readonly number[]) => {
      const rows = [];
      for (let row = top ?? 0; row < height; row += rowStep ?? 1) rows.push(...packed(row, first ?? 0, step ?? 1));
      return rows;
    };
    const adam7 = [[0, 8, 0, 8], [0, 8, 4, 8], [4, 8, 0, 4], [0, 4, 2, 4], [2, 4, 0, 2], [0, 2, 1, 2], [1, 2, 0, 1]];
    const form = { height, width, depth, colourType: 0 };
    const plain = pngOf(form, Uint8Array.from(pass([0, 1, 0, 1])));
    const interlaced = pngOf({ ...form, interlaced: true }, Uint8Array.from(adam7.flatMap(pass)));
    assertEquals(Array.from(pngSamples(plain, "a.png").samples), values);
    assertEquals(Array.from(pngSamples(interlaced, "a.png").samples), values);
    assertEquals(await decodeImage(interlaced, "a.png"), await decodeImage(plain, "a.png"));
  }
});

Deno.test("samples of 16 bits are rounded to 8", async () => {
  const data = Uint16Array.of(0, 128, 129, 257, 40_000, 65_535);
  const { pixels } = await decodeImage(encode({ height: 1, width: 6, channels: 1, depth: 16, data }), "a.png");
  const expected = Array.from(data, (value) => Math.round(value / 257));
  assertEquals(Array.from(pixels).filter((_, index) => index % 4 === 1), expected);
  assertEquals((await decodeImage(deepPng(2, 2, 3), "a.png")).pixels[4], 3);
});

Deno.test("damaged ancillary chunks are ignored, damaged critical ones are not", async () => {
  const png = plainPng(2, 2, [1, 2, 3]);
  const plain = await decodeImage(png, "a.png");
  const garbage = Uint8Array.from(noise(40, 255));
  for (const name of ["iCCP", "tEXt", "zTXt", "iTXt", "pHYs", "tRNS", "gAMA", "eXIf", "acTL", "prVt"]) {
    assertEquals(await decodeImage(withChunk(png, name, garbage), "a.png"), plain, name);
    assertEquals(
      await decodeImage(withChunk(png, name, garbage, 1234), "a.png"),
      plain,
      `${name} with a wrong checksum`,
    );
  }
  await assertRejects(() => decodeImage(withChunk(png, "ABCD", garbage), "a.png"), Error, 'it has a chunk "ABCD"');
  const header = Uint8Array.from(png);
  header[30] = (header[30] ?? 0) ^ 1;
  await assertRejects(() => decodeImage(header, "a.png"), Error, 'the checksum of its chunk "IHDR" is wrong');
});

Deno.test("PNG files cost no more than their header implies", async () => {
  const form = { height: 4, width: 5, depth: 8, colourType: 2 };
  const rows = Uint8Array.from(noise(4 * 16, 255), (value, index) => index % 16 === 0 ? 0 : value);
  const plain = await decodeImage(pngOf(form, rows), "a.png");
  // What follows the pixels is never inflated: 200 MB of it take no time.
  const bomb = new Uint8Array(rows.length + 200_000_000);
  bomb.set(rows);
  const long = pngOf(form, bomb);
  const start = performance.now();
  assertEquals(await decodeImage(long, "a.png"), plain);
  const ours = performance.now() - start;
  inflateSync(deflateSync(bomb, { level: 1 }));
  const whole = performance.now() - start - ours;
  assert(ours < whole / 3, `${ours} ms, all of it takes ${whole} ms`);
  // Nor is a profile.
  const profile = Uint8Array.from([...new TextEncoder().encode("icc\0\0"), ...deflateSync(new Uint8Array(5_000_000))]);
  assertEquals(await decodeImage(withChunk(pngOf(form, rows), "iCCP", profile), "a.png"), plain);
  // A file too small for its header is refused before memory is taken.
  await assertRejects(
    () => decodeImage(pngOf({ ...form, height: 9_000, width: 9_000 }, rows), "a.png"),
    Error,
    "bytes of pixels are too few for 9000×9000",
  );
  await assertRejects(
    () => decodeImage(pngOf({ ...form, height: 5 }, rows), "a.png"),
    Error,
    "it holds 64 bytes of pixels, 80 are needed",
  );
});

Deno.test("what a PNG file may not hold is named", async () => {
  const form = { height: 1, width: 1, depth: 8, colourType: 0 };
  const refused = (png: Uint8Array, text: string) => assertRejects(() => decodeImage(png, "a.png"), Error, text);
  await refused(pngOf(form, Uint8Array.of(7, 1)), "a row has the filter 7");
  await refused(pngOf({ ...form, depth: 3 }, Uint8Array.of(0, 1)), "colour type 0 of 3 bits");
  await refused(pngOf({ ...form, colourType: 5 }, Uint8Array.of(0, 1)), "colour type 5 of 8 bits");
  await refused(pngOf({ ...form, colourType: 3 }, Uint8Array.of(0, 1)), "it has no sound palette");
  await refused(pngOf({ ...form, width: 0 }, Uint8Array.of(0)), "its header says 1×0 pixels");
  const palette = encode({ height: 1, width: 1, channels: 1, palette: [[1, 2, 3]], data: Uint8Array.of(4) });
  await refused(palette, "a pixel has index 4, the palette has 1 colours");
  await refused(encodeRgbPng(new Uint8Array(3), 1, 1).subarray(0, 50), "is cut short after 50 bytes");
});

testWithShared(
  "the PNGs with damaged ancillary chunks and of 16 bits look as they should",
  ["data/inputs/images"],
  async (folder) => {
    const image = (name: string) => decodeImage(readFileSync(join(folder, name)), name);
    const reference = await image("ref.png");
    assertEquals(await image("iccpcrc.png"), reference);
    assertEquals(await image("crcancillary.png"), reference);
    assertEquals(await image("rgb16.png"), reference);
    const grey = await image("grey16.png");
    assertEquals([grey.height, grey.width], [reference.height, reference.width]);
  },
);
