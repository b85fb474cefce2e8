import { assertEquals, assertThrows } from "@std/assert";
import { readNpy } from "../../../src/formats/npy.ts";
import { backprojectDispatch, type PointRule } from "../../../src/ops/scans/backproject.ts";
import { noPoint } from "../../../src/ops/scans/geometry.ts";
import { Random } from "../../../src/random.ts";
import { testWithShared } from "../../shared.ts";
import { backproject, pointRules, type TwinScan } from "../../twins/backproject.ts";
import { testGpu } from "../harness.ts";

for (const rule of pointRules) {
  Deno.test(`backprojectDispatch() equals its definition by the rule ${rule}, the same bytes twice`, async () => {
    const scans = [madeScan("a", 50, 7, 13), madeScan("b", 211, 7, 13), madeScan("c", 3, 7, 13)];
    const expected = scans.map((scan) => backproject(scan, rule));
    const found = await labelPoints(scans, rule);
    assertEquals(found.map(listed), expected.map(listed));
    assertEquals((await labelPoints(scans, rule)).map(listed), found.map(listed));
  });
}

Deno.test("a hidden point takes the label of the pixel that is nearest in range, not of the edge nor of empty pixels", async () => {
  // One row: a point at 2 m before one at 9 m in the first pixel, an empty pixel, and one at 8 m.
  const scan: TwinScan = {
    ...{ height: 1, width: 3, labels: [1, 2, 3], winners: [0, -1, 2] },
    ...{ pixels: [0, 0, 2], ranges: [2, 9, 8] },
  };
  assertEquals((await labelPoints([scan], "nearest")).map(listed), [[1, 3, 3]]);
  assertEquals((await labelPoints([scan], "none")).map(listed), [[1, 1, 3]]);
  // By votes the own place counts with the point's own range, and 8 m is within 1 m of 9 m: one vote each, the lower wins.
  assertEquals((await labelPoints([scan], "knn")).map(listed), [[1, 1, 3]]);
});

Deno.test("points without a pixel, and those of a pixel without a label, have no label", async () => {
  const scan: TwinScan = {
    ...{ height: 1, width: 2, labels: [255, 4], winners: [0, 1] },
    ...{ pixels: [0, 1, -1], ranges: [2, 9, 1] },
  };
  for (const rule of pointRules) {
    assertEquals((await labelPoints([scan], rule)).map(listed), [[255, 4, 255]], rule);
  }
});

Deno.test("backprojectDispatch() refuses buffers that are too small and a capacity that is no multiple of four", async () => {
  const gpu = await testGpu();
  const buffer = gpu.createBuffer(64, "small");
  const range = { buffer, offset: 0, size: 64 };
  const buffers = { labels: range, winners: range, places: range, points: range };
  const sizes = { scans: 1, height: 4, width: 4, rule: "none" } as const;
  assertThrows(() => backprojectDispatch(gpu, buffers, { ...sizes, capacity: 6 }), RangeError, "multiple of four");
  assertThrows(() => backprojectDispatch(gpu, buffers, { ...sizes, capacity: 12 }), RangeError, "places has 64 bytes");
  assertThrows(() => backprojectDispatch(gpu, buffers, { ...sizes, width: 5, capacity: 4 }), RangeError, "winners");
  gpu.destroyBuffer(buffer);
});

const vectors = "vectors/lidar/semkitti_00_000000_64x2048";

for (const rule of pointRules) {
  const name = { nearest: "nn", none: "none", knn: "knn" }[rule];
  testWithShared(
    `labels of the points of a real scan equal the vectors by the rule ${rule}`,
    [vectors, `${vectors}/point_pred_${name}.npy`],
    async (folder = "") => {
      const read = (file: string) => numbersOf(Deno.readFileSync(`${folder}/${file}.npy`), file);
      const width = 2048;
      const columns = read("point_px");
      const pixels = Int32Array.from(read("point_py"), (row, point) => row * width + (columns[point] ?? 0));
      const scan: TwinScan = {
        ...{ height: 64, width, pixels, ranges: Float32Array.from(read("point_range")) },
        // The vectors call a class by its number + 1, and 0 what has no label. Without a vote they answer class 1.
        labels: Uint8Array.from(
          read("pixel_pred"),
          (label) => rule === "knn" ? (label + 255) % 256 : label,
        ),
        winners: read("proj_idx"),
      };
      const [found = new Uint8Array()] = await labelPoints([scan], rule, { isPadded: true });
      const expected = read(`point_pred_${name}`);
      const answers = rule === "knn" ? found.map((label) => label === 255 ? 1 : label + 1) : found;
      const wrong = expected.reduce((count, label, point) => count + (label === answers[point] ? 0 : 1), 0);
      assertEquals(wrong, 0, `${wrong} of ${expected.length} points`);
      const [own = new Uint8Array()] = await labelPoints([scan], rule);
      assertEquals(listed(own), listed(backproject(scan, rule)));
    },
  );
}

/** The numbers of an .npy file, also of 8 and 16 bits with a sign, which the program does not read. */
function numbersOf(bytes: Uint8Array<ArrayBuffer>, name: string): number[] {
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  const type = /'descr': '(..[12])'/.exec(new TextDecoder("latin1").decode(bytes.subarray(10, start)))?.[1];
  if (type === "|i1") return [...new Int8Array(bytes.buffer, start)];
  if (type === "<i2") return [...new Int16Array(bytes.buffer.slice(start))];
  return Array.from(readNpy(bytes, name).data, Number);
}

/** A scan of random points, of which some have no pixel, some lie in one pixel, and some have equal ranges. */
function madeScan(name: string, points: number, height: number, width: number): TwinScan {
  const random = new Random(1, name);
  const place = (index: number) => random.integer(height * width + 5, index);
  const pixels = Array.from({ length: points }, (_, index) => place(index) < height * width ? place(index) : -1);
  const ranges = Float32Array.from({ length: points }, (_, index) => 1 + random.integer(40, index + 10_000) / 8);
  const winners = new Int32Array(height * width).fill(-1);
  for (const [point, pixel] of pixels.entries()) {
    const before = winners[pixel] ?? -1;
    if (pixel >= 0 && (before < 0 || (ranges[point] ?? 0) < (ranges[before] ?? 0))) winners[pixel] = point;
  }
  const labels = Array.from({ length: height * width }, (_, index) => {
    const label = random.integer(6, index + 20_000);
    return label === 5 ? 255 : label;
  });
  return { height, width, labels, winners, pixels, ranges };
}

async function labelPoints(
  scans: readonly TwinScan[],
  rule: PointRule,
  options: { readonly isPadded?: boolean } = {},
): Promise<Uint8Array[]> {
  const gpu = await testGpu();
  const [{ height, width } = { height: 1, width: 1 }] = scans;
  const capacity = Math.ceil(Math.max(...scans.map(({ pixels }) => pixels.length)) / 4) * 4;
  const places = new Uint32Array(scans.length * capacity * 2).fill(noPoint);
  const ranges = new Float32Array(places.buffer);
  const winners = new Uint32Array(scans.length * height * width).fill(noPoint);
  const labels = new Uint8Array(Math.ceil(scans.length * height * width / 4) * 4);
  for (const [scan, made] of scans.entries()) {
    for (const [point, pixel] of Array.from(made.pixels).entries()) {
      places[2 * (scan * capacity + point)] = pixel < 0 ? noPoint : pixel;
      ranges[2 * (scan * capacity + point) + 1] = made.ranges[point] ?? 0;
    }
    winners.set(Array.from(made.winners, (winner) => winner < 0 ? noPoint : winner), scan * height * width);
    labels.set(Array.from(made.labels), scan * height * width);
  }
  const buffers = [labels, winners, places].map((bytes, index) => {
    const buffer = gpu.createBuffer(bytes.byteLength, `input ${index}`);
    gpu.write(buffer, bytes);
    return { buffer, offset: 0, size: bytes.byteLength };
  });
  const points = gpu.createBuffer(scans.length * capacity, "points");
  gpu.write(points, new Uint8Array(points.size).fill(77));
  const [first, second, third] = buffers;
  if (first === undefined || second === undefined || third === undefined) throw new Error("No buffers");
  const range = { buffer: points, offset: 0, size: scans.length * capacity };
  const dispatch = await backprojectDispatch(
    gpu,
    { labels: first, winners: second, places: third, points: range },
    { scans: scans.length, capacity, height, width, rule, ...options },
  );
  gpu.submit([dispatch]);
  const [bytes = new Uint8Array()] = await gpu.read(range);
  for (const { buffer } of buffers) gpu.destroyBuffer(buffer);
  gpu.destroyBuffer(points);
  return scans.map(({ pixels }, scan) => bytes.slice(scan * capacity, scan * capacity + pixels.length));
}

function listed(labels: Uint8Array): number[] {
  return [...labels];
}
