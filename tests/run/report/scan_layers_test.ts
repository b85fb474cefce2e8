/** A run on LiDAR scans leaves range images and views from above for its report. */

import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../../src/data/decode.ts";
import { decodeLabels } from "../../../src/data/labels.ts";
import { runAdaptation } from "../../../src/run/adaptation.ts";
import { openRun } from "../../../src/run/open_run.ts";
import { readRunReport } from "../../../src/run/report/read_report.ts";
import { resolveSettings } from "../../../src/settings/settings.ts";
import { withFolder } from "../../data/pictures.ts";
import { tinySettings } from "../../survival/tiny_run.ts";
import { writeScanStreets } from "../scan_streets.ts";

Deno.test("the layers of scans are range images of their points' labels, and views from above", () =>
  withFolder(async (folder) => {
    const [streets, out] = [join(folder, "streets"), join(folder, "run")];
    writeScanStreets(streets);
    const { crop: _, size: _own, ...settings } = tinySettings;
    const given = {
      source: streets,
      target: streets,
      model: "fidnet-nano",
      size: { height: 16, width: 64 },
      rounds: 1,
      out,
    };
    const { context, data, close } = await openRun(resolveSettings("adapt", { ...settings, ...given }), true);
    try {
      await runAdaptation(context, data, () => {});
    } finally {
      close();
    }
    const { strips, scores, labelClasses } = readRunReport(out);
    const after = scores.find(({ name }) => name === "after");
    const { adapted } = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
    assertEquals([after?.miou, after?.confusion?.length], [adapted.miou, labelClasses.length]);
    assert(after?.others.some(({ label, value }) => label.includes("points") && value === adapted.points.miou));
    assertEquals(
      strips.map(({ layers }) => layers.map(({ title, kind }) => `${kind}: ${title}`)),
      strips.map(() => [
        ...["ground truth", "source only", "pseudo-labels of round 1", "adapted"].map((title) => `labels: ${title}`),
        ...["ground truth", "source only", "adapted"].map((title) => `picture: ${title} from above`),
      ]),
    );
    const layers = join(out, "report", strips[0]?.name ?? "");
    const read = (name: string) => new Uint8Array(readFileSync(join(layers, name)));
    assertEquals(readdirSync(layers).length, 8);
    const image = await decodeImage(read("image.png"), "range image");
    const truth = decodeLabels(read("truth.png"), "truth");
    assertEquals([image.height, image.width], [truth.height, truth.width]);
    // A pixel without a point is black and has no label; one with a point has a colour.
    const isEmpty = (pixel: number) => image.pixels.subarray(pixel * 4, pixel * 4 + 3).every((value) => value === 0);
    let labelled = 0;
    for (const [pixel, label] of truth.labels.entries()) {
      if (label === 255) continue;
      labelled++;
      assert(!isEmpty(pixel));
    }
    assert(labelled > truth.labels.length / 10, `${labelled} of ${truth.labels.length}`);
    const predicted = decodeLabels(read("round-1.png"), "round 1").labels;
    assert(truth.labels.every((label, pixel) => label === 255 || predicted[pixel] !== 255));
  }));
