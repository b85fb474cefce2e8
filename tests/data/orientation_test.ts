import { assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, imageHeader, MoreBytesError } from "../../src/data/decode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { exifOrientation } from "../../src/data/decoders/exif.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { testWithShared } from "../shared.ts";
import { exifData, fixture, withChunk, withExif } from "./pictures.ts";

/**
 * What is seen at the corners of `fixture("four.jpg")` once it is upright, from the upper left by rows, for the
 * orientations 1 to 8. As stored, the corners are red, green, blue, yellow.
 */
const upright = ["rgby", "gryb", "ybgr", "byrg", "rbgy", "bryg", "ygbr", "gyrb"];

function corners({ height, width, pixels }: { height: number; width: number; pixels: Uint8Array }): string {
  const named = (row: number, column: number) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray((row * width + column) * 4);
    return red > 120 ? (green > 120 ? "y" : "r") : green > 120 ? "g" : blue > 120 ? "b" : "?";
  };
  const [bottom, right] = [height - 2, width - 2];
  return named(1, 1) + named(1, right) + named(bottom, 1) + named(bottom, right);
}

Deno.test("JPEG and PNG images are turned as their EXIF data says, and their headers give the turned size", async () => {
  const jpeg = fixture("four.jpg");
  const stored = await decodeImage(jpeg, "a.jpg");
  const png = encodeRgbPng(stored.pixels, stored.height, stored.width);
  for (const [index, expected] of upright.entries()) {
    for (const littleEndian of [true, false]) {
      const exif = exifData(index + 1, littleEndian);
      for (const [name, bytes] of [["a.jpg", withExif(jpeg, exif)], ["a.png", withChunk(png, "eXIf", exif)]] as const) {
        const image = await decodeImage(bytes, name);
        assertEquals(corners(image), expected, `${name} with orientation ${index + 1}`);
        const { height, width } = index < 4 ? { height: 16, width: 32 } : { height: 32, width: 16 };
        assertEquals([image.height, image.width], [height, width]);
        const header = imageHeader(bytes, name);
        assertEquals([header.height, header.width, header.stored], [height, width, { height: 16, width: 32 }]);
      }
    }
  }
});

Deno.test("EXIF data that is cut short, of other content or without an orientation turns nothing", async () => {
  const exif = exifData(6, true);
  assertEquals(exifOrientation(exif), 6);
  for (let length = 0; length < exif.length - 6; length++) assertEquals(exifOrientation(exif.subarray(0, length)), 1);
  for (const wrong of [0, 9, 255]) assertEquals(exifOrientation(exifData(wrong, true)), 1);
  const jpeg = withExif(fixture("four.jpg"), Uint8Array.of(0x49, 0x49, 42, 0, 255, 255, 255, 255));
  assertEquals(corners(await decodeImage(jpeg, "a.jpg")), "rgby");
});

Deno.test("labels are never turned", () => {
  const labels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const png = withChunk(encodeLabelPng(labels, 2, 3), "eXIf", exifData(6, true));
  assertEquals(decodeLabels(png, "l.png"), { height: 2, width: 3, labels, palette: null });
});

Deno.test("a header is read from the beginning of a file, which says how much of it is needed", () => {
  const jpeg = withExif(fixture("four.jpg"), exifData(6, true));
  let length = 2;
  for (let looks = 0; looks < 50; looks++) {
    try {
      const { kind, height, width } = imageHeader(jpeg.subarray(0, length), "a.jpg");
      assertEquals({ kind, height, width }, { kind: "JPEG", height: 32, width: 16 });
      return;
    } catch (error) {
      if (!(error instanceof MoreBytesError)) throw error;
      assertEquals(error.wanted > length, true);
      length = error.wanted;
    }
  }
  throw new Error(`no header in ${length} bytes`);
});

Deno.test("an image whose header claims more pixels than allowed is refused before it is decoded", async () => {
  const png = Uint8Array.from(encodeRgbPng(new Uint8Array(300), 10, 10));
  const view = new DataView(png.buffer);
  view.setUint32(16, 20_000);
  view.setUint32(20, 30_000);
  let message = "";
  await decodeImage(png, "big.png").catch((error) => message = error.message);
  assertEquals(
    message,
    "Cannot read big.png: its header says 30000×20000 pixels, 600 million. At most 100 million are read",
  );
  assertThrows(
    () => decodeLabels(encodeLabelPng(new Uint8Array(100), 10, 10), "l.png", { maxPixels: 99 }),
    Error,
    "99",
  );
  assertEquals((await decodeImage(encodeRgbPng(new Uint8Array(300), 10, 10), "a.png", { maxPixels: 100 })).height, 10);
});

testWithShared(
  "the photos with EXIF orientations look like the one without",
  ["data/inputs/images"],
  async (folder) => {
    const image = (name: string) => decodeImage(readFileSync(join(folder, name)), name);
    const base = await image("base.jpg");
    for (const orientation of [2, 3, 4, 6, 7, 8]) {
      const { height, width, pixels } = await image(`exif${orientation}.jpg`);
      assertEquals([height, width], [base.height, base.width]);
      const difference = pixels.reduce((sum, byte, index) => sum + Math.abs(byte - (base.pixels[index] ?? 0)), 0);
      assertEquals(difference / pixels.length < 4, true, `orientation ${orientation}: ${difference / pixels.length}`);
    }
  },
);
