/** Projection against its definition in float64, and against the vectors that an independent implementation made. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { kittiSensor, nuscenesSensor } from "../../../src/data/scans/sensor.ts";
import { planScan } from "../../../src/data/scans/augmentation.ts";
import { readNpy } from "../../../src/formats/npy.ts";
import { input } from "../../../src/graph/tensor.ts";
import { noPoint, scanGeometryValues, type ScanPoints } from "../../../src/ops/scans/geometry.ts";
import { pointLabels } from "../../../src/ops/scans/point_labels.ts";
import { pointPixels } from "../../../src/ops/scans/point_pixels.ts";
import { nearestPoints, projectScans } from "../../../src/ops/scans/project_scans.ts";
import { rangeChannels } from "../../../src/ops/scans/range_channels.ts";
import { Random } from "../../../src/random.ts";
import { testWithShared } from "../../shared.ts";
import * as twin from "../../twins/scans.ts";
import { awkwardScan, capacityOf, mixedScans, randomScan, runScans, scanOf, winnersOf, wordsOf } from "./scans.ts";

/** Columns and rows are off by less, before they are rounded down. */
const exactness = 2e-6;

function assertPixels(
  words: Uint32Array,
  expected: readonly (twin.ProjectedPoint | null)[],
  what: string,
  tolerance = exactness,
): number {
  let unsure = 0;
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  for (const [point, wanted] of expected.entries()) {
    const pixel = words[2 * point];
    const where = `${what}, point ${point}`;
    if (wanted === null) {
      assertEquals([pixel, words[2 * point + 1]], [noPoint, 0], where);
      continue;
    }
    assert(pixel !== noPoint, `${where} has no pixel`);
    if (tolerance === exactness) assertEquals(floats[2 * point + 1], wanted.range, `${where}: range`);
    if (wanted.margin < tolerance) unsure++;
    else assertEquals(pixel, wanted.pixel, `${where}: pixel`);
  }
  for (let rest = 2 * expected.length; rest < words.length; rest += 2) assertEquals(words[rest], noPoint, what);
  return unsure;
}

for (const size of [{ height: 64, width: 2048 }, { height: 32, width: 1920 }, { height: 7, width: 101 }]) {
  Deno.test(`points of scans of all kinds fall on the pixels that float64 says, at ${size.height}×${size.width}`, async () => {
    const scans = mixedScans();
    const capacity = capacityOf(scans);
    const { pixels, winner, ...others } = await runScans({ scans, size, capacity }, ({ points, geometry }) => ({
      pixels: pointPixels(points, geometry, size),
      winner: projectScans(points, geometry, size),
      unmoved: projectScans(points, geometry, size, { moves: false }),
      ofPixels: nearestPoints(pointPixels(points, geometry, size, { moves: false }), size),
    }));
    for (const [name, other] of Object.entries(others)) assertEquals(other, winner, name);
    const count = size.height * size.width;
    for (const [index, scan] of scans.entries()) {
      const what = `scan ${index} of ${scan.sensor.name}`;
      const own = wordsOf(pixels).slice(index * capacity * 2, (index + 1) * capacity * 2);
      const isAwkward = scan.height < 100;
      // Points on the axes lie on the edges of pixels. What they do is said by a test of its own.
      const unsure = assertPixels(own, twin.pointPixels(scan, size), what);
      assert(isAwkward || unsure <= 2, `${what}: ${unsure} points are on an edge`);
      const computed = Array.from({ length: scan.height }, (_, point) => {
        const pixel = own[2 * point] ?? 0;
        const range = new Float32Array(own.buffer)[2 * point + 1] ?? 0;
        return pixel === noPoint ? null : { pixel, range, margin: 1 };
      });
      assertEquals(
        winnersOf(winner).slice(index * count, (index + 1) * count),
        twin.nearestPoints(computed, size),
        what,
      );
    }
  });
}

Deno.test("points on the axes and diagonals fall on the pixels of atan2", async () => {
  const size = { height: 64, width: 2048 };
  const places = [[1, 0], [-1, 0], [-1, -0], [0, 2], [0, -2], [3, 3], [-3, 3], [-3, -3], [3, -3], [1, -0]];
  for (const sensor of [kittiSensor, { ...nuscenesSensor, rows: 64 }]) {
    const columns = sensor.rule === "angle"
      ? [1024, 0, 2047, 512, 1536, 768, 256, 1792, 1280, 1024]
      : [0, 1024, 1024, 512, 1536, 256, 768, 1280, 1792, 0];
    const scan = scanOf(sensor, places.map(([x = 0, y = 0]) => [x, y, -0.01, 0, 60]));
    const { pixels } = await runScans({ scans: [scan], size }, ({ points, geometry }) => ({
      pixels: pointPixels(points, geometry, size),
    }));
    const actual = places.map((_, point) => (wordsOf(pixels)[2 * point] ?? 0) % size.width);
    assertEquals(actual, columns, sensor.name);
  }
});

Deno.test("the nearest point of a pixel wins and the first of equally near ones, in whatever order threads come", async () => {
  const size = { height: 8, width: 32 };
  // Most pixels have many points, and each point is there twice.
  const once = randomScan(kittiSensor, 3000, 7);
  const rows = Array.from({ length: 3000 }, (_, point) => twin.rowOf(once, point));
  const places: string[][] = [];
  for (const order of [undefined, 1, 2]) {
    const all = [...rows, ...rows];
    const shuffled = order === undefined
      ? all
      : new Random(order, "order").permutation(all.length).map((i) => all[i] ?? []);
    const scan = scanOf(kittiSensor, shuffled);
    const { winner } = await runScans({ scans: [scan], size }, ({ points, geometry }) => ({
      winner: projectScans(points, geometry, size),
    }));
    const winners = winnersOf(winner);
    assert(winners.filter((point) => point >= 0).length > 200);
    for (const point of winners) {
      if (point < 0) continue;
      const row = shuffled[point]?.join();
      assertEquals(point, shuffled.findIndex((other) => other.join() === row), "the first of equal points wins");
    }
    places.push(Array.from(winners, (point) => point < 0 ? "" : twin.rowOf(scan, point).slice(0, 3).join()));
  }
  // Other points may be as near as the winner and stand elsewhere, so ranges are compared.
  const range = (place: string) => place === "" ? -1 : Math.fround(Math.hypot(...place.split(",").map(Number)));
  for (const other of places) assertEquals(other.map(range), places[0]?.map(range));
});

Deno.test("a plan drops, mirrors, scales, turns and shifts points, and rolls the image", async () => {
  const size = { height: 32, width: 480 };
  const scans = [randomScan(kittiSensor, 3000, 11), randomScan(nuscenesSensor, 3000, 12), awkwardScan(kittiSensor)];
  for (let step = 0; step < 3; step++) {
    const plans = scans.map(({ sensor }, index) => {
      const augmentation = sensor.rule === "ring" ? "nuscenes" : "kitti";
      return planScan({ seed: 5, stage: "source", step, index }, { augmentation });
    });
    const capacity = capacityOf(scans);
    const { pixels, winner, channels } = await runScans({ scans, size, capacity, plans }, ({ points, geometry }) => {
      const winner = projectScans(points, geometry, size);
      const channels = rangeChannels(points, winner, geometry, { channels: 6, scaling: "raw" });
      return { pixels: pointPixels(points, geometry, size), winner, channels };
    });
    const count = size.height * size.width;
    for (const [index, scan] of scans.entries()) {
      const own = wordsOf(pixels).slice(index * capacity * 2, (index + 1) * capacity * 2);
      // Coordinates that are computed in f32 may be off by some 10⁻⁶ of their size.
      const unsure = assertPixels(own, twin.pointPixels(scan, size, plans[index]), `scan ${index}`, 1e-3);
      assert(unsure < 30, `${unsure} points are on an edge`);
      const winners = winnersOf(winner).slice(index * count, (index + 1) * count);
      const expected = twin.rangeChannels(scan, winners, "raw", plans[index]);
      const stored = new Float32Array(channels?.buffer ?? new ArrayBuffer(0));
      for (const [place, value] of expected.entries()) {
        const actual = stored[(index * count + place % count) * 8 + Math.floor(place / count)] ?? NaN;
        assert(
          Math.abs(actual - value) <= 1e-5 * (1 + Math.abs(value)),
          `channel ${place / count}: ${actual}, ${value}`,
        );
      }
    }
  }
});

Deno.test("the channels and labels of range images are those of their winners", async () => {
  const size = { height: 13, width: 37 };
  const scans = mixedScans();
  const capacity = capacityOf(scans);
  const labels = Uint8Array.from(
    { length: scans.length * capacity + 3 },
    (_, index) => index % 20 === 19 ? 255 : index % 20,
  );
  const count = size.height * size.width;
  for (const mirror of [false, true]) {
    const options = [{ channels: 6, scaling: "scaled" }, { channels: 5, scaling: "raw" }] as const;
    const results = await runScans({ scans, size, capacity, mirror }, ({ points, geometry }) => {
      const winner = projectScans(points, geometry, size);
      const given = input("labels", [scans.length, capacity], { dtype: "u8", layout: "plain" });
      const [six, five] = options.map((form) => rangeChannels(points, winner, geometry, form));
      return { winner, six: six ?? winner, five: five ?? winner, labels: pointLabels(given, winner) };
    }, { labels: labels.slice(0, Math.ceil(scans.length * capacity / 4) * 4) });
    for (const [index, scan] of scans.entries()) {
      const winners = winnersOf(results["winner"]).slice(index * count, (index + 1) * count);
      const own = labels.subarray(index * capacity, (index + 1) * capacity);
      const maps = results["labels"]?.slice(index * count, (index + 1) * count) ?? [];
      assertEquals(Array.from(maps), twin.pointLabels(own, winners));
      for (const [form, { channels, scaling }] of options.entries()) {
        const stored = new Float32Array(results[form === 0 ? "six" : "five"]?.buffer ?? new ArrayBuffer(0));
        const expected = twin.rangeChannels(scan, winners, scaling, undefined, mirror);
        for (let pixel = 0; pixel < count; pixel++) {
          for (let channel = 0; channel < 8; channel++) {
            const value = channel < channels ? expected[channel * count + pixel] ?? NaN : 0;
            const actual = stored[(index * count + pixel) * 8 + channel] ?? NaN;
            assert(
              Math.abs(actual - value) <= 1e-6 * Math.abs(value),
              `scan ${index}, pixel ${pixel}, channel ${channel}`,
            );
          }
        }
      }
    }
  }
});

Deno.test("a mirrored view has the same pixels in columns counted from the right", async () => {
  const size = { height: 16, width: 90 };
  const scans = [randomScan(kittiSensor, 900, 21), randomScan(nuscenesSensor, 900, 22)];
  const run = (mirror: boolean) =>
    runScans({ scans, size, mirror }, ({ points, geometry }) => ({ winner: projectScans(points, geometry, size) }));
  const [plain, mirrored] = [winnersOf((await run(false))["winner"]), winnersOf((await run(true))["winner"])];
  const reversed = plain.map((_, index) => plain[index - index % 90 + 89 - index % 90] ?? 0);
  assertEquals(mirrored, reversed);
});

Deno.test("what is no batch of scans is refused by name", () => {
  const points = input("points", [2, 40], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [2, 28], { layout: "plain" });
  const size = { height: 4, width: 4 };
  assertThrows(
    () => projectScans(input("points", [2, 41], { dtype: "u32", layout: "plain" }), geometry, size),
    RangeError,
    "must be u32 plain [N, 5 · points]",
  );
  assertThrows(
    () => projectScans(points, input("geometry", [1, 28], { layout: "plain" }), size),
    RangeError,
    "[2, 28]",
  );
  assertThrows(() => nearestPoints(geometry, size), RangeError, "must be u32 plain [N, points, 2]");
  const winner = projectScans(points, geometry, size);
  assertThrows(
    () => pointLabels(input("labels", [1, 8], { dtype: "u8", layout: "plain" }), winner),
    RangeError,
    "u8 plain [2, 8]",
  );
  const scan = scanOf(kittiSensor, [[1, 2, 3]]);
  assertThrows(() => scanGeometryValues(scan, size), RangeError, "a point has 4 or 5");
  const level = { ...scanOf({ ...kittiSensor, up: -25 }, [[1, 2, 3, 4]]) };
  assertThrows(() => scanGeometryValues(level, size), RangeError, "field of view");
});

const vectors = "vectors/lidar";

/** The numbers of a file of the vectors, which are of more types than the product reads. */
async function npy(path: string): Promise<number[]> {
  const bytes = await Deno.readFile(path);
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  const type = /'descr': '[<|](\w\d)'/.exec(new TextDecoder("latin1").decode(bytes.subarray(0, start)))?.[1];
  const data = bytes.slice(start).buffer;
  if (type === "i1") return Array.from(new Int8Array(data));
  if (type === "i2") return Array.from(new Int16Array(data));
  return Array.from(readNpy(bytes, path).data, Number);
}

async function realScan(path: string, sensor: ScanPoints["sensor"], columns: number): Promise<ScanPoints> {
  const pixels = new Float32Array((await Deno.readFile(path)).buffer);
  return { sensor, height: pixels.length / columns, pixels };
}

for (const width of [2048, 1920]) {
  testWithShared(
    `a scan of SemanticKITTI is projected as the vectors say, at 64×${width}`,
    ["data/lidar/semantickitti-mini/sequences/00/velodyne/000000.bin", `${vectors}/semkitti_00_000000_64x${width}`],
    async (path, folder) => {
      const size = { height: 64, width };
      const scan = await realScan(path ?? "", kittiSensor, 4);
      const { pixels, winner } = await runScans({ scans: [scan], size }, ({ points, geometry }) => ({
        pixels: pointPixels(points, geometry, size),
        winner: projectScans(points, geometry, size),
      }));
      const [unsafe, index] = [new Set(await npy(`${folder}/unsafe.npy`)), await npy(`${folder}/proj_idx.npy`)];
      const [columns, rows] = [await npy(`${folder}/point_px.npy`), await npy(`${folder}/point_py.npy`)];
      const words = wordsOf(pixels);
      const wrong = columns.keys().filter((point) =>
        !unsafe.has(point) && words[2 * point] !== (rows[point] ?? 0) * width + (columns[point] ?? 0)
      );
      assertEquals([...wrong], []);
      const winners = winnersOf(winner);
      const others = index.keys().filter((pixel) => {
        const [wanted = -1, actual = -1] = [index[pixel], winners[pixel]];
        return wanted !== actual && !unsafe.has(wanted) && !unsafe.has(actual);
      });
      assertEquals([...others], []);
      const differing = index.filter((wanted, pixel) => wanted !== winners[pixel]).length;
      assert(differing < 20, `${differing} pixels differ, each by a point that float32 puts elsewhere than float64`);
    },
  );
}

testWithShared(
  "a scan of nuScenes is projected as the vectors say, without exception",
  [
    "data/lidar/nuscenes/samples/LIDAR_TOP/n015-2018-07-24-11-22-45+0800__LIDAR_TOP__1532402927647951.pcd.bin",
    `${vectors}/nuscenes_32x1920`,
  ],
  async (path, folder) => {
    const size = { height: 32, width: 1920 };
    const scan = await realScan(path ?? "", nuscenesSensor, 5);
    const { winner, channels } = await runScans({ scans: [scan], size }, ({ points, geometry }) => {
      const winner = projectScans(points, geometry, size);
      return { winner, channels: rangeChannels(points, winner, geometry, { channels: 6, scaling: "raw" }) };
    });
    const keep = await npy(`${folder}/keep.npy`);
    const wanted = (await npy(`${folder}/proj_idx.npy`)).map((index) => index < 0 ? -1 : keep[index] ?? -2);
    assertEquals(Array.from(winnersOf(winner)), wanted);
    const stored = new Float32Array(channels?.buffer ?? new ArrayBuffer(0));
    const views = await npy(`${folder}/rv.npy`);
    const worst = views.reduce((most, value, place) => {
      const actual = stored[Math.floor(place / 6) * 8 + place % 6] ?? NaN;
      return Math.max(most, Math.abs(actual - value) / (1 + Math.abs(value)));
    }, 0);
    assert(worst < 1e-6, `channels are off by ${worst}`);
    const byAngle = { ...scan, sensor: { ...nuscenesSensor, rule: "angle" as const, nearest: 0 } };
    const { spherical } = await runScans({ scans: [byAngle], size }, ({ points, geometry }) => ({
      spherical: projectScans(points, geometry, size),
    }));
    const expected = await npy(`${folder}/proj_idx_spherical.npy`);
    const winners = winnersOf(spherical);
    const exact = twin.nearestPoints(twin.pointPixels(byAngle, size), size);
    assertEquals(winners, exact);
    assertEquals(expected.filter((index, pixel) => index !== winners[pixel]).length, 2, "one point that float32 moves");
  },
);
