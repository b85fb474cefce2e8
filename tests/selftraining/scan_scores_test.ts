/** Networks are scored over the points of LiDAR scans and over the pixels of their range images. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type MemoryItem, MemorySamples, Network, scoreImages } from "../../mod.ts";
import { scoreWithMisses } from "../../src/metrics/confusion.ts";
import type { PointRule } from "../../src/ops/scans/backproject.ts";
import { testGpu } from "../ops/harness.ts";
import { backproject, pointRules } from "../twins/backproject.ts";
import { confusionWithMisses } from "../twins/confusion_matrix.ts";
import { intensityNet, loadIntensities, madeScans, scanClasses, smallSize } from "./made_scans.ts";

const { height, width } = smallSize;

/** Where the points of a made scan lie in its range image, by lidar.md's rule in float64; a dropped point has no pixel. */
function projected({ image }: MemoryItem) {
  const winners = new Int32Array(height * width).fill(-1);
  const ranges = new Float32Array(image.height);
  const { up = 0, down = 0 } = image.sensor ?? {};
  const pixels = Int32Array.from({ length: image.height }, (_, point) => {
    const [x = 0, y = 0, z = 0] = image.pixels.subarray(point * 4, point * 4 + 3);
    const range = Math.hypot(x, y, z);
    if (!(range > 0 && range < Infinity)) return -1;
    ranges[point] = range;
    const column = Math.floor(width * 0.5 * (1 - Math.atan2(y, x) / Math.PI));
    const row = Math.floor(height * (up * Math.PI / 180 - Math.asin(z / range)) / ((up - down) * Math.PI / 180));
    const clamped = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    const pixel = clamped(row, height) * width + clamped(column, width);
    const before = winners[pixel] ?? -1;
    if (before < 0 || (ranges[point] ?? 0) < (ranges[before] ?? 0)) winners[pixel] = point;
    return pixel;
  });
  return { height, width, winners, pixels, ranges };
}

/** Counts of points and of pixels of a network that tells the classes by the intensity of the point that a pixel shows. */
function expectedCounts(items: readonly MemoryItem[], rule: PointRule, toId: readonly number[] = [0, 1, 2]) {
  const [truth, found, pixelTruth, pixelFound] = [[], [], [], []] as number[][];
  for (const item of items) {
    const scan = projected(item);
    const labels = Array.from(item.labels?.labels ?? []);
    // The network sees the intensity, which tells the class even where the label says nothing.
    const seen = Array.from(
      { length: item.image.height },
      (_, point) => [0.2, 0.5, 0.9].findIndex((one) => Math.abs(one - (item.image.pixels[4 * point + 3] ?? 0)) < 0.01),
    );
    const predicted = Array.from(scan.winners, (winner) => winner < 0 ? 255 : toId[seen[winner] ?? 0] ?? 255);
    truth?.push(...labels);
    found?.push(...backproject({ ...scan, labels: predicted }, rule));
    pixelTruth?.push(...Array.from(scan.winners, (winner) => labels[winner] ?? 255));
    pixelFound?.push(...predicted);
  }
  const classes = scanClasses.length;
  return {
    points: confusionWithMisses(found ?? [], truth ?? [], classes),
    pixels: confusionWithMisses(pixelFound ?? [], pixelTruth ?? [], classes),
  };
}

/** Made scans, of whose points some have no label and some cannot be projected. */
function harmedScans(): MemoryItem[] {
  return madeScans("scored", 5).map((item, scan) => {
    const pixels = item.image.pixels.slice();
    const labels = item.labels?.labels.slice() ?? new Uint8Array();
    for (let point = scan; point < item.image.height; point += 9) labels[point] = 255;
    for (let point = 3; point < item.image.height; point += 50) pixels.fill(0, 4 * point, 4 * point + 3);
    for (let point = 4; point < item.image.height; point += 70) pixels[4 * point] = NaN;
    return { ...item, image: { ...item.image, pixels }, labels: { height: labels.length, width: 1, labels } };
  });
}

for (const pointRule of pointRules) {
  Deno.test(`scores of scans equal those of points and pixels in plain loops by the rule ${pointRule}`, async () => {
    const gpu = await testGpu();
    const network = new Network(gpu, intensityNet, { classes: scanClasses }, { trainable: false });
    loadIntensities(network);
    const items = harmedScans();
    const options = { size: smallSize, batch: 2, pointRule };
    const scores = await scoreImages(gpu, network, new MemorySamples(), items, options);
    const { points, pixels } = expectedCounts(items, pointRule);
    for (const [found, counts] of [[scores.points, points], [scores.pixels, pixels]] as const) {
      const { iou, ...expected } = scoreWithMisses(counts);
      assertEquals(found, {
        ...expected,
        iou: Object.fromEntries(scanClasses.map((name, id) => [name, iou[id] ?? null])),
      });
    }
    assert(points[3] !== 0, "no point is missed");
    assertEquals([scores.miou, scores.iou], [scores.points?.miouPresent ?? null, scores.points?.iou]);
    assertEquals([scores.pixelAccuracy, scores.images], [1, 5]);
    network.dispose();
  });
}

Deno.test("merged classes of scans are scored, and a class that is not there counts as asked", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, intensityNet, { classes: scanClasses }, { trainable: false });
  loadIntensities(network);
  const toId = [0, 0, 1];
  const merge = { name: "fewer", fromClasses: scanClasses, toClasses: ["built", "post", "sky"], toId };
  const items = harmedScans().map((item) => {
    const labels = Uint8Array.from(item.labels?.labels ?? [], (label) => toId[label] ?? 255);
    return { ...item, labels: { height: labels.length, width: 1, labels } };
  });
  const score = (absent: "null" | "zero") =>
    scoreImages(gpu, network, new MemorySamples(), items, { size: smallSize, batch: 2, merge, absent });
  const [present, all] = [await score("null"), await score("zero")];
  const { iou } = scoreWithMisses(expectedCounts(items, "nearest", toId).points);
  assertEquals(present.iou, { built: iou[0] ?? null, post: iou[1] ?? null, sky: null });
  assertEquals(all.iou.sky, 0);
  assertAlmostEquals(all.miou ?? NaN, (present.miou ?? NaN) * 2 / 3, 1e-12);
  assertEquals(all.points, present.points);
  assertEquals([all.miou, present.miou], [all.points?.miou, all.points?.miouPresent]);
  network.dispose();
});
