/** The selection on range images: empty pixels take no part, and classes may have a threshold in each ring. */

import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { Random } from "../../src/random.ts";
import { noLabels } from "../../src/selftraining/label_counts.ts";
import { allThresholds } from "../../src/selftraining/ring_thresholds.ts";
import type { ScoreBatches, ScoreOptions } from "../../src/selftraining/scores.ts";
import { assignLabels, type SelectionLimits, selectThresholds } from "../../src/selftraining/selection.ts";
import { hexBits, type SelectionSettings, thresholdsReport } from "../../src/selftraining/thresholds.ts";
import { noPoint } from "../../src/ops/scans/geometry.ts";
import { testGpu } from "../ops/harness.ts";

/** A batch of range images: probabilities `[N, C, H, W]`, the point in each pixel, and the ring of each. */
interface Scans {
  readonly images: number;
  readonly values: Float32Array;
  readonly winners: Uint32Array<ArrayBuffer>;
  readonly rings: Uint8Array<ArrayBuffer>;
}

const random = new Random(20, "filled pixels");

/** Two batches, of three scans and of one. Some rows are empty, and a part of the other pixels. */
function madeScans(classes: number, height: number, width: number, rings = 1): Scans[] {
  return [3, 1].map((images, batch) => {
    const pixels = images * height * width;
    const isEmpty = (pixel: number) =>
      Math.trunc(pixel / width) % height === 2 || random.uniform(pixel, batch, 1) < (pixel % width < 20 ? 0.9 : 0.2);
    const winners = Uint32Array.from({ length: pixels }, (_, pixel) => isEmpty(pixel) ? noPoint : 7 * pixel + 3);
    return {
      images,
      winners,
      rings: Uint8Array.from(
        winners,
        (winner, pixel) => winner === noPoint ? 255 : random.integer(rings, pixel, batch, 2),
      ),
      values: Float32Array.from({ length: images * classes * height * width }, (_, index) => {
        const [id, pixel] = [Math.trunc(index / (height * width)) % classes, index % (height * width)];
        // Some scores are equal, and class 1 is rare.
        return random.integer(500, index, batch) / 500 * (id === 1 ? 0.7 : 1) * (0.6 + 0.4 * (pixel % 7) / 7);
      }),
    };
  });
}

/** What the definitions give: thresholds `[ring][class]` as bits, and the labels of all pixels. */
function expectedOf(
  scans: readonly Scans[],
  classes: number,
  { portion, stride, policy }: SelectionSettings,
  rings: number,
) {
  const lists: number[][] = Array.from({ length: classes * rings }, () => []);
  const counts = new Array<number>(classes * rings).fill(0);
  const scoreAt = ({ values, images, winners }: Scans, at: number, id: number) => {
    const pixels = winners.length / images;
    return values[(Math.trunc(at / pixels) * classes + id) * pixels + at % pixels] ?? 0;
  };
  for (const scan of scans) {
    const pixels = scan.winners.length / scan.images;
    let seen: number[] = [];
    for (const [at, winner] of scan.winners.entries()) {
      if (at % pixels === 0) seen = new Array<number>(classes * rings).fill(0);
      if (winner === noPoint) continue;
      let top = 0;
      for (let id = 1; id < classes; id++) if (scoreAt(scan, at, id) > scoreAt(scan, at, top)) top = id;
      const list = rings === 1 ? top : (scan.rings[at] ?? 0) * classes + top;
      counts[list] = (counts[list] ?? 0) + 1;
      if ((seen[list] ?? 0) % stride === 0) lists[list]?.push(scoreAt(scan, at, top));
      seen[list] = (seen[list] ?? 0) + 1;
    }
  }
  const threshold = (list: readonly number[]) => {
    const rank = Math.floor(list.length * portion);
    return (rank > 0 ? Float32Array.from(list).sort()[list.length - rank] : 0) || 1;
  };
  const all = threshold(lists.flat());
  const lambda = Float32Array.from(lists, (list) => policy === "st" ? all : threshold(list));
  const labels = scans.flatMap((scan) =>
    Array.from(scan.winners, (winner, at) => {
      if (winner === noPoint) return 255;
      const first = rings === 1 ? 0 : (scan.rings[at] ?? 0) * classes;
      const ratios = Array.from({ length: classes }, (_, id) =>
        Math.fround(scoreAt(scan, at, id) / (lambda[first + id] ?? 1)));
      const best = Math.max(...ratios);
      return best >= 1 ? ratios.indexOf(best) : 255;
    })
  );
  return { bits: Array.from(lambda, hexBits), counts, ranked: lists.map(({ length }) => length), labels };
}

async function found(
  scans: readonly Scans[],
  size: { readonly classes: number; readonly height: number; readonly width: number; readonly rings?: number },
  settings: SelectionSettings,
  limits?: SelectionLimits,
) {
  const gpu = await testGpu();
  const { classes, height, width, rings = 1 } = size;
  const source: ScoreBatches = {
    images: 4,
    async *batches() {
      for (const { images, values, winners, rings: ringsOf } of scans) {
        const range = (data: ArrayBufferView<ArrayBuffer>) => {
          const buffer = gpu.createBuffer(data.byteLength, "test");
          gpu.write(buffer, data);
          return { buffer, offset: 0, size: buffer.size };
        };
        const logits = range(pack(values, [images, classes, height, width], "activation"));
        const [filled, zones] = [range(winners), range(ringsOf)];
        const views = [{ offset: 0, height, width, mirror: false }];
        yield { images, height, width, views, logits, filled, ...rings > 1 ? { rings: zones } : {} };
        // As the logits of a network, they are gone when the next batch is asked for.
        await gpu.wait();
        for (const { buffer } of [logits, filled, zones]) gpu.destroyBuffer(buffer);
      }
    },
  };
  const scores: ScoreOptions = { classes, isProbability: true, ringCount: rings };
  const before = gpu.allocatedBytes;
  const thresholds = await selectThresholds(gpu, source, scores, settings, limits);
  const labels: number[] = [];
  const winners: number[] = [];
  let ignored = 0;
  let labelled = noLabels(classes).labelled;
  for await (const batch of assignLabels(gpu, source, scores, allThresholds(thresholds))) {
    labels.push(...batch.labels);
    winners.push(...batch.winners ?? []);
    ignored += batch.counts.ignored;
    labelled = labelled.map((count, id) => count + (batch.counts.labelled[id] ?? 0));
  }
  assertEquals(gpu.allocatedBytes, before);
  return { thresholds, labels, winners, ignored, labelled };
}

const limits: readonly SelectionLimits[] = [
  { samples: 2 ** 20, candidates: 2 ** 20 },
  { samples: 800, candidates: 2 ** 20 },
  { samples: 1, candidates: 2 ** 20 },
  { samples: 800, candidates: 1 },
];

for (const [policy, stride] of [["cbst", 1], ["cbst", 4], ["st", 4]] as const) {
  Deno.test(`empty pixels are not counted, ranked, sampled or labelled: ${policy}, stride ${stride}`, async () => {
    const size = { classes: 5, height: 9, width: 301 };
    const scans = madeScans(size.classes, size.height, size.width);
    for (const portion of [0.2, 1]) {
      const settings: SelectionSettings = { policy, rule: "crst", portion, stride };
      const expected = expectedOf(scans, size.classes, settings, 1);
      for (const limit of limits) {
        const what = `portion ${portion}, ${JSON.stringify(limit)}`;
        const { thresholds, labels, winners, ignored, labelled } = await found(scans, size, settings, limit);
        assertEquals(Array.from(thresholds.lambda, hexBits), expected.bits, what);
        assertEquals(thresholds.n_pixels, expected.counts, what);
        assertEquals(thresholds.n_sampled, expected.ranked, what);
        assertEquals(labels, expected.labels, what);
        assertEquals(winners, scans.flatMap((scan) => [...scan.winners]));
        const filled = winners.filter((winner) => winner !== noPoint).length;
        const got = expected.labels.filter((label) => label < 255).length;
        assertEquals([labelled.reduce((sum, count) => sum + count, 0), ignored], [got, filled - got], what);
        assert(got > 0 && got < filled || portion === 1);
      }
    }
  });
}

for (const [classes, rings] of [[5, 4], [19, 16]] as const) {
  Deno.test(`${classes} classes have thresholds of their own in ${rings} rings`, async () => {
    const size = { classes, height: 8, width: 400, rings };
    const scans = madeScans(classes, size.height, size.width, rings);
    const settings: SelectionSettings = { policy: "cbst", rule: "crst", portion: 0.3, stride: 2, ringMetres: 5 };
    const expected = expectedOf(scans, classes, settings, rings);
    for (const limit of limits.slice(0, 2)) {
      const { thresholds, labels, ignored, labelled } = await found(scans, size, settings, limit);
      const report = thresholdsReport(thresholds, { labelled, ignored });
      assertEquals(report.rings?.lambda_hex.flat(), expected.bits);
      assertEquals(report.rings?.n_pixels.flat(), expected.counts);
      assertEquals(report.rings?.n_sampled.flat(), expected.ranked);
      assertEquals(report.rings?.metres, 5);
      assertEquals(labels, expected.labels);
      const sumOf = (id: number) =>
        expected.counts.reduce((sum, count, list) => sum + (list % classes === id ? count : 0), 0);
      assertEquals(report.n_pixels, Array.from({ length: classes }, (_, id) => sumOf(id)));
      for (const [id, value] of report.lambda.entries()) {
        assertEquals(value, Math.min(...report.rings?.lambda.map((ring) => ring[id] ?? 0) ?? []));
      }
    }
  });
}
