import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import { testWithShared } from "../shared.ts";
import { exifData, fixture, withExif } from "./pictures.ts";

/** The largest difference of two images of one size. */
function difference(a: { pixels: Uint8Array }, b: { pixels: Uint8Array }): number {
  assertEquals(a.pixels.length, b.pixels.length);
  return a.pixels.reduce((most, byte, index) => Math.max(most, Math.abs(byte - (b.pixels[index] ?? 0))), 0);
}

/** A JPEG file without the segments of a marker. */
function without(jpeg: Uint8Array, marker: number): Uint8Array {
  const kept = [...jpeg.subarray(0, 2)];
  for (let position = 2; position < jpeg.length;) {
    const length = 2 + (jpeg[position + 2] ?? 0) * 256 + (jpeg[position + 3] ?? 0);
    if (jpeg[position + 1] === 0xda) return Uint8Array.from([...kept, ...jpeg.subarray(position)]);
    if (jpeg[position + 1] !== marker) kept.push(...jpeg.subarray(position, position + length));
    position += length;
  }
  throw new Error("no scan");
}

Deno.test("JPEGs in four inks look like the one in RGB, in each of their codings", async () => {
  const rgb = await decodeImage(fixture("four.jpg"), "four.jpg");
  for (const name of ["four_cmyk.jpg", "four_ycck.jpg", "four_ycck_progressive.jpg"]) {
    const image = await decodeImage(fixture(name), name);
    // Blurred colours at the edges of the four squares are left out.
    const middle = (
      pixels: Uint8Array,
      row: number,
      column: number,
    ) => [...pixels.subarray((row * 32 + column) * 4).subarray(0, 4)];
    for (const [row, column] of [[3, 5], [3, 26], [12, 5], [12, 26]] as const) {
      const [found, expected] = [middle(image.pixels, row, column), middle(rgb.pixels, row, column)];
      const most = Math.max(...found.map((value, index) => Math.abs(value - (expected[index] ?? 0))));
      assert(most < 12, `${name} at ${row}, ${column}: ${found} instead of ${expected}`);
    }
  }
});

Deno.test("JPEGs in four inks are read alike with and without Adobe's marker", async () => {
  const cmyk = fixture("four_cmyk.jpg");
  const bare = without(cmyk, 0xee);
  assert(bare.length < cmyk.length);
  assertEquals(difference(await decodeImage(bare, "bare.jpg"), await decodeImage(cmyk, "cmyk.jpg")), 0);
});

Deno.test("codings of JPEG that are not read are named", async () => {
  const refused = (jpeg: Uint8Array, text: string) => assertRejects(() => decodeImage(jpeg, "a.jpg"), Error, text);
  await refused(
    fixture("four_arithmetic.jpg"),
    "Cannot read a.jpg: it is an arithmetic-coded JPEG, which is not read. Save",
  );
  const frame = fixture("four.jpg").findIndex((byte, index, all) => byte === 0xff && all[index + 1] === 0xc0);
  const changed = (offset: number, value: number) => {
    const jpeg = Uint8Array.from(fixture("four.jpg"));
    jpeg[frame + offset] = value;
    return jpeg;
  };
  await refused(changed(1, 0xc3), "it is a lossless JPEG");
  await refused(changed(1, 0xc5), "it is a hierarchical JPEG");
  await refused(changed(4, 12), "it is a JPEG of 12 bits, expected 8");
  await refused(changed(9, 2), "it is a JPEG of 2 components, expected 1, 3 or 4");
  await refused(changed(11, 0x51), "the sampling 5×1");
});

Deno.test("a JPEG too short for its header is refused before it is decoded, and so are endless scans", async () => {
  const jpeg = Uint8Array.from(fixture("four.jpg"));
  const frame = jpeg.findIndex((byte, index) => byte === 0xff && jpeg[index + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint16(frame + 5, 9_000);
  new DataView(jpeg.buffer).setUint16(frame + 7, 9_000);
  await assertRejects(() => decodeImage(jpeg, "a.jpg"), Error, "bytes are too few for 9000×9000 pixels");
  const whole = fixture("four.jpg");
  const scan = whole.findIndex((byte, index) => byte === 0xff && whole[index + 1] === 0xda);
  const scans = Array.from({ length: 101 }, () => [...whole.subarray(scan, -2)]).flat();
  const many = Uint8Array.from([...whole.subarray(0, scan), ...scans, 0xff, 0xd9]);
  await assertRejects(() => decodeImage(many, "a.jpg"), Error, "it has 101 scans, at most 100 are read");
});

testWithShared("the photos in four inks look like the one in RGB", ["data/inputs/images"], async (folder) => {
  const image = (name: string) => decodeImage(readFileSync(join(folder, name)), name);
  const base = await image("base.jpg");
  const cmyk = await image("cmyk.jpg");
  assertEquals(difference(await image("cmyk_noadobe.jpg"), cmyk), 0);
  const sum = cmyk.pixels.reduce((total, byte, index) => total + Math.abs(byte - (base.pixels[index] ?? 0)), 0);
  assert(sum / cmyk.pixels.length < 8, `${sum / cmyk.pixels.length}`);
  await assertRejects(() => image("arithmetic.jpg"), Error, "it is an arithmetic-coded JPEG");
  await assertRejects(() => image("half.jpg"), Error, "the JPEG file is cut short");
});

Deno.test("JPEGs that would take more memory than their pixels explain are refused first", async () => {
  const jpeg = Uint8Array.from(withExif(fixture("four_ycck_progressive.jpg"), exifData(6, true)));
  const frame = jpeg.findIndex((byte, index) => byte === 0xff && jpeg[index + 1] === 0xc2);
  new DataView(jpeg.buffer).setUint16(frame + 5, 9_990);
  new DataView(jpeg.buffer).setUint16(frame + 7, 9_990);
  // Comments, so that the file could hold as many blocks.
  const comment = new Uint8Array(65_537);
  comment.set([0xff, 0xfe, 0xff, 0xff]);
  const parts = [jpeg.subarray(0, 2), ...Array.from({ length: 16 }, () => comment), jpeg.subarray(2)];
  const bytes = new Uint8Array(await new Blob(parts.map((part) => Uint8Array.from(part))).arrayBuffer());
  await assertRejects(
    () => decodeImage(bytes, "a.jpg"),
    Error,
    "Cannot read a.jpg: it is a progressive JPEG in four inks to be turned of 99.8 million pixels, and decoding it takes 1.7 GB",
  );
});
