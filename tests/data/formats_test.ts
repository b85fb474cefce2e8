import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { decodeImage, imageEndings, imageHeader, inspectImage } from "../../src/data/decode.ts";
import { unpackBits, unpackLzw } from "../../src/data/decoders/unpack.ts";
import { testWithShared } from "../shared.ts";
import { fixture } from "./pictures.ts";

/** The colour at a place, as the bytes of `[red, green, blue, 255]`. */
function colourAt({ width, pixels }: { width: number; pixels: Uint8Array }, row: number, column: number): number[] {
  return [...pixels.subarray((row * width + column) * 4, (row * width + column) * 4 + 4)];
}

/** The four squares of the picture that all fixtures hold: red, green, blue, yellow. */
const squares = [[200, 30, 30, 255], [30, 200, 30, 255], [30, 30, 200, 255], [200, 200, 30, 255]];

/** The squares of a picture, from the upper left by rows. */
function squaresOf(image: { height: number; width: number; pixels: Uint8Array }): number[][] {
  const [rows, columns] = [[1, 3], [1, 3]];
  return (rows ?? []).flatMap((row) =>
    (columns ?? []).map((column) =>
      colourAt(image, Math.floor(image.height * row / 4), Math.floor(image.width * column / 4))
    )
  );
}

/** The largest difference of the squares to what is expected. */
function error(found: number[][], expected: (number[] | undefined)[]): number {
  return Math.max(
    ...found.flatMap((colour, index) =>
      colour.map((value, channel) => Math.abs(value - (expected[index]?.[channel] ?? -999)))
    ),
  );
}

Deno.test("WebP, BMP, TIFF and HEIC files are read, and their headers tell their size", async () => {
  const files: [string, string, number][] = [
    ["four.webp", "WebP", 0],
    ["four_lossy.webp", "WebP", 14],
    ["four.bmp", "BMP", 0],
    ["four_runs.bmp", "BMP", 1],
    ["four_565.bmp", "BMP", 5],
    ["four_tiles_deflate.tif", "TIFF", 0],
    ["four_palette_packbits.tif", "TIFF", 0],
    ["four_planes_16.tif", "TIFF", 0],
    ["four_cmyk.tif", "TIFF", 1],
    ["four.heic", "HEIC", 1],
  ];
  for (const [name, kind, most] of files) {
    const bytes = fixture(name);
    const image = await decodeImage(bytes, name);
    assertEquals([image.height, image.width], [16, 32], name);
    const found = error(squaresOf(image), squares);
    assert(found <= most, `${name}: ${found}`);
    const header = imageHeader(bytes, name);
    assertEquals([header.kind, header.height, header.width], [kind, 16, 32]);
    assertEquals(inspectImage(bytes, name), header);
  }
});

Deno.test("WebP and TIFF are turned as their orientation says, HEIC as its decoder does it", async () => {
  const [red, green, blue, yellow] = squares;
  for (const [name, most] of [["four_turned.webp", 0], ["four_turned.tif", 0], ["four_turned.heic", 60]] as const) {
    const image = await decodeImage(fixture(name), name);
    assertEquals([image.height, image.width], [32, 16], name);
    const { height, width } = imageHeader(fixture(name), name);
    assertEquals([height, width], [32, 16]);
    assert(error(squaresOf(image), [blue, red, yellow, green]) <= most, `${name}: ${squaresOf(image).join(" | ")}`);
  }
});

Deno.test("forms of these formats that are not read are named", async () => {
  const refused = (bytes: Uint8Array, name: string, text: string) =>
    assertRejects(() => decodeImage(bytes, name), Error, text);
  await refused(fixture("four_jpeg.tif"), "a.tif", "Cannot read a.tif: it is a TIFF with JPEG compression");
  await refused(fixture("four_animated.webp"), "a.webp", "it is an animated WebP");
  const bmp = Uint8Array.from(fixture("four.bmp"));
  bmp[30] = 5;
  await refused(bmp, "a.bmp", "it is a BMP of 24 bits with the compression 5");
  const text = (content: string) => new TextEncoder().encode(content);
  await refused(text("GIF89a"), "a.png", "Cannot read a.png: it is a GIF file. Images are read as PNG, JPEG, WebP");
  await refused(text("\0\0\0\x20ftypavif"), "a.heic", "it is an AVIF file");
  await refused(text("version https://git-lfs.github.com/spec/v1"), "a.png", "it is a pointer of Git LFS");
  await refused(text("<!DOCTYPE html>"), "a.png", "it is a web page");
  await refused(new Uint8Array(0), "a.png", "it is an empty file");
  await refused(text("hello"), "a.png", "it is no image file that is known here");
});

Deno.test("files of every format that are cut short are errors that name the file", async () => {
  const names = readdirSync(new URL("./fixtures", import.meta.url)).filter((name) =>
    !/animated|arithmetic|four_jpeg/.test(name)
  );
  assert(names.length >= 14);
  for (const name of names) {
    const bytes = fixture(name);
    // What these end with is not always needed, so they are cut further.
    for (const length of [bytes.length - (/heic|runs|tif/.test(name) ? 100 : 3), bytes.length >> 1, 40, 13, 3]) {
      const message = await decodeImage(bytes.subarray(0, length), name).then(() => "read", (error) => error.message);
      assert(message.startsWith(`Cannot read ${name}: `), `${name} of ${length} bytes: ${message}`);
    }
  }
});

Deno.test("headers that claim too much are refused before memory is taken", async () => {
  const changed = (name: string, ...edits: [position: number, ...bytes: number[]][]) => {
    const bytes = Uint8Array.from(fixture(name));
    for (const [position, ...values] of edits) bytes.set(values, position);
    return bytes;
  };
  const refused = (bytes: Uint8Array, text: string) => assertRejects(() => decodeImage(bytes, "a"), Error, text);
  await refused(
    changed("four.bmp", [18, 0, 0, 1, 0], [22, 0, 0, 1, 0]),
    "65536×65536 pixels, 4295 million. At most 100 million",
  );
  await refused(changed("four.bmp", [18, 0, 32, 0, 0], [22, 0, 32, 0, 0]), "the BMP file is cut short");
  await refused(changed("four.bmp", [18, 255, 255, 255, 255]), "its header says 16×0 pixels");
  await refused(changed("four.webp", [21, 255, 255, 255, 15]), "16384×16384 pixels, 268.4 million");
  const tiff = fixture("four_tiles_deflate.tif");
  // The entries of its directory for the width and the height.
  const entry = (tag: number) =>
    tiff.findIndex((byte, index) => byte === (tag & 255) && tiff[index + 1] === tag >> 8 && tiff[index + 2] === 3);
  const sized = (value: number) =>
    changed("four_tiles_deflate.tif", [entry(256) + 8, value & 255, value >> 8], [
      entry(257) + 8,
      value & 255,
      value >> 8,
    ]);
  await refused(sized(60_000), "60000×60000 pixels, 3600 million");
  await refused(sized(9_000), "the TIFF file is damaged (it has 2 pieces, 316969 are needed)");
  const heic = fixture("four.heic");
  const ispe = heic.findLastIndex((_, index) => String.fromCharCode(...heic.subarray(index, index + 4)) === "ispe");
  await refused(changed("four.heic", [ispe + 8, 0, 1, 0, 0, 0, 1, 0, 0]), "65536×65536 pixels");
});

Deno.test("LZW and PackBits stop where their room is full, and at codes without a string", () => {
  const room = new Uint8Array(5);
  // 256 clears, then 1, then the newest string again and again: 1, 11, 111.
  const bits = [256, 1, 258, 259, 260].map((code) => code.toString(2).padStart(9, "0")).join("").padEnd(48, "0");
  const packed = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
  assertEquals(unpackLzw(packed, room), 5);
  assertEquals([...room], [1, 1, 1, 1, 1]);
  assertThrows(() => unpackLzw(Uint8Array.of(0x80, 0x40, 0xff, 0xff), new Uint8Array(9)), Error, "has no string");
  assertEquals(unpackBits(Uint8Array.of(2, 7, 8, 9, 254, 5), room), 5);
  assertEquals([...room], [7, 8, 9, 5, 5]);
});

testWithShared(
  "every file of the folder of mixed kinds is read alike",
  ["data/inputs/mixfold", "data/inputs/images"],
  async (mixed, images) => {
    const reference = await decodeImage(readFileSync(join(images ?? "", "ref.png")), "ref.png");
    for (const name of readdirSync(mixed)) {
      assert(imageEndings.includes(extname(name)), name);
      const image = await decodeImage(readFileSync(join(mixed, name)), name);
      assertEquals([image.height, image.width], [reference.height, reference.width]);
      const sum = image.pixels.reduce(
        (total, byte, index) => total + Math.abs(byte - (reference.pixels[index] ?? 0)),
        0,
      );
      assert(
        sum / image.pixels.length < (/jpg|jfif|webp/.test(name) ? 8 : 0.001),
        `${name}: ${sum / image.pixels.length}`,
      );
    }
  },
);

Deno.test("a WebP, BMP or HEIC file that was cut short is found without decoding", () => {
  for (const name of ["four_lossy.webp", "four.bmp", "four.heic"]) {
    const bytes = fixture(name);
    assertThrows(() => inspectImage(bytes.subarray(0, -40), name), Error, "is cut short");
  }
});
