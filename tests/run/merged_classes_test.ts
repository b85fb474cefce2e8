/** Networks of other classes than the data: scored, and adapted, in the classes of the data. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run as evaluateCommand } from "../../src/cli/evaluate.ts";
import { run as predictCommand } from "../../src/cli/predict.ts";
import { resultTable } from "../../src/cli/result_table.ts";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { labelSet, mapBetween } from "../../src/data/label_sets.ts";
import { exactly } from "../../src/data/shapes.ts";
import { scoreConfusion } from "../../src/metrics/confusion.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { runAdaptation } from "../../src/run/adaptation.ts";
import { openToLearn, openToScore } from "../../src/run/meeting.ts";
import { openRun } from "../../src/run/open_run.ts";
import { writePictures } from "../../src/run/pictures.ts";
import { classProbabilities } from "../../src/selftraining/class_probabilities.ts";
import { evaluate, splitScores } from "../../src/selftraining/evaluation.ts";
import { equalBatches } from "../../src/selftraining/inference.ts";
import { judgeLabels } from "../../src/selftraining/precision.ts";
import { Predictor } from "../../src/selftraining/prediction.ts";
import type { ViewOptions } from "../../src/selftraining/views.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { crosswalk } from "../cli/program.ts";
import { writeLabelledStreets } from "../data/labelled_streets.ts";
import { writeOfficial } from "../data/official_layouts.ts";
import { withFolder, write } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";

const size = { height: 32, width: 64 };

/** A network with random weights for the classes of a label set, of which it predicts several. */
async function networkOf(set: string): Promise<Network> {
  const { classes, palette } = labelSet(set);
  const network = new Network(await testGpu(), deeplabNano, { classes: [...classes], palette: [...palette], size });
  network.store.initialize(3);
  return network;
}

/** The confusion matrix by the probabilities of the network's own classes, which are added up here. */
async function confusionByHand(network: Network, folder: string, to: string, views: ViewOptions): Promise<number[]> {
  const gpu = await testGpu();
  const { toId, toClasses } = mapBetween(labelSet("cityscapes-19"), labelSet(to));
  const counts = new Array<number>(toClasses.length ** 2).fill(0);
  const { items } = openDataset(folder).split("val");
  using loader = openLoader();
  await using predictor = new Predictor(gpu, network, 1, views);
  const grouping = { batch: 1, shapes: exactly(size), multiple: deeplabNano.sizeMultiple };
  for await (const group of equalBatches(loader.load(items, { size, labels: "original" }), grouping)) {
    const truth = group.samples[0]?.labels ?? new Uint8Array();
    await predictor.run(group, {
      withScores: async (batch, scores) => {
        for await (const { first, values } of classProbabilities(gpu, batch, scores)) {
          const pixels = values.length / network.classCount;
          for (let pixel = 0; pixel < pixels; pixel++) {
            const sums = new Float32Array(toClasses.length);
            toId.forEach((id, c) => sums[id] = (sums[id] ?? 0) + (values[c * pixels + pixel] ?? 0));
            const wanted = truth[first + pixel] ?? 255;
            if (wanted === 255) continue;
            const cell = wanted * toClasses.length + sums.indexOf(Math.max(...sums));
            counts[cell] = (counts[cell] ?? 0) + 1;
          }
        }
      },
    });
  }
  return counts;
}

for (
  const [to, views] of [
    ["camvid-11", { scales: [1], flip: false, average: "probabilities" }],
    ["idd-7", { scales: [1, 1.5], flip: true, average: "logits" }],
  ] satisfies [string, ViewOptions][]
) {
  Deno.test(`a network of 19 classes is scored on data of ${to} by the sums of its probabilities`, () =>
    withFolder(async (folder) => {
      writeLabelledStreets(folder, to, { count: 2 });
      const network = await networkOf("cityscapes-19");
      using loader = openLoader();
      const merge = mapBetween(labelSet("cityscapes-19"), labelSet(to));
      const { items } = openDataset(folder).split("val");
      const options = { ...exactly(size), views, merge };
      const confusion = await evaluate(await testGpu(), network, loader, items, options);
      assertEquals(confusion, await confusionByHand(network, folder, to, views));
      const predicted = merge.toClasses.filter((_, id) =>
        merge.toClasses.some((_, row) => (confusion[row * merge.toClasses.length + id] ?? 0) > 0)
      );
      assert(predicted.length > 1, `only ${predicted} is predicted`);
      network.dispose();
    }));
}

Deno.test("evaluate finds the map by the names of known classes, says so, and scores in the classes of the data", () =>
  withFolder(async (folder) => {
    const [data, weights] = [join(folder, "camvid"), join(folder, "weights.safetensors")];
    writeLabelledStreets(data, "camvid-11");
    const network = await networkOf("cityscapes-19");
    write(weights, await network.save());
    const { code, stdout, stderr } = await crosswalk("evaluate", "--weights", weights, "--data", data, "--json");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "The network's classes are merged for scoring on");
    assertStringIncludes(stderr, "cityscapes-19 → camvid-11");
    const scores = JSON.parse(stdout);
    assertEquals(Object.keys(scores.iou), labelSet("camvid-11").classes);
    const merge = mapBetween(labelSet("cityscapes-19"), labelSet("camvid-11"));
    using loader = openLoader();
    const { items } = openDataset(data).split("val");
    const confusion = await evaluate(await testGpu(), network, loader, items, { ...exactly(size), merge });
    assertEquals(scores.miou, scoreConfusion(confusion).miou);
    network.dispose();
    // The same in classes that are asked for, from labels that are as fine as the network's.
    writeLabelledStreets(join(folder, "fine"), "cityscapes-19");
    const asked = ["--weights", weights, "--data", join(folder, "fine"), "--label-set", "idd-7", "--json"];
    assertEquals(await evaluateCommand(asked), 0);
  }));

Deno.test("predict merges the network's classes into those of a label set, and refuses one to which nothing leads", () =>
  withFolder(async (folder) => {
    const [data, weights, out] = [join(folder, "data"), join(folder, "weights.safetensors"), join(folder, "out")];
    writeLabelledStreets(data, "cityscapes-19");
    const network = await networkOf("cityscapes-19");
    write(weights, await network.save());
    const images = join(data, "val", "images");
    const given = ["--weights", weights, "--images", images, "--out", out];
    assertEquals(await predictCommand([...given, "--label-set", "idd-7"]), 0);
    const merge = mapBetween(labelSet("cityscapes-19"), labelSet("idd-7"));
    const { items } = openDataset(data).split("val");
    using loader = openLoader();
    await using predictor = new Predictor(await testGpu(), network, 1, undefined, merge);
    const grouping = { batch: 1, shapes: exactly(size), multiple: deeplabNano.sizeMultiple };
    for await (const group of equalBatches(loader.load(items, { size, labels: "none" }), grouping)) {
      const { labels } = await predictor.run(group);
      const [wanted] = await (await testGpu()).read({ ...labels, size: size.height * size.width });
      const path = join(out, `${group.samples[0]?.name}.png`);
      const { labels: written, palette } = decodeLabels(readFileSync(path), path);
      assertEquals(written, wanted);
      assertEquals([...palette?.slice(0, 21) ?? []], labelSet("idd-7").palette.flat());
    }
    network.dispose();
    const other = join(folder, "set.json");
    write(other, JSON.stringify({ name: "other", classes: ["apple", "pear"] }));
    await assertRejects(() => predictCommand([...given, "--label-set", other]), Error, "into those of other");
  }));

Deno.test("the 13 classes are scored from the 16: a mean without wall, fence and pole", () => {
  const { classes } = labelSet("cityscapes-16");
  // Class c is right in c of 20 pixels; what is wrong goes to the class itself ignored by the truth of others.
  const counts = new Array<number>(16 * 16).fill(0);
  for (let id = 0; id < 16; id++) {
    counts[id * 16 + id] = id + 1;
    counts[id * 16 + (id + 1) % 16] = 20 - id;
  }
  const { iou, miou, subsets } = splitScores(counts, classes, 1, undefined);
  const values = classes.map((name) => iou[name] ?? 0);
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  assertEquals(miou, mean(values));
  const rest = classes.flatMap((name) => ["wall", "fence", "pole"].includes(name) ? [] : [iou[name] ?? 0]);
  assertEquals(rest.length, 13);
  assertEquals(subsets, { "cityscapes-13": mean(rest) });
  assertEquals(splitScores([1], ["road"], 1, undefined).subsets, undefined);
});

Deno.test("pseudo-labels are judged as what they become among the classes of the truth", () => {
  const merge = { toId: [0, 0, 1, 255], toClasses: ["vehicle", "sky"] };
  const found = judgeLabels(Uint8Array.of(0, 1, 2, 2, 3, 1, 255), Uint8Array.of(0, 0, 1, 0, 1, 255, 0), 4, merge);
  assertEquals(found, { judged: [2, 2], right: [2, 1], ofTruth: [4, 2] });
});

const tiny: Values = {
  ...{ model: "deeplab-nano", crop: { height: 32, width: 32 }, batch: 2, "source-steps": 2, "warm-up": 0, rounds: 1 },
  ...{ epochs: 1, "learning-rate": [0.001], "source-images": 1, "target-images": "all", mining: "crst" },
};

Deno.test("a network of 19 classes is adapted to data of 7, keeps its classes, and is scored and judged in the 7", () =>
  withFolder(async (folder) => {
    const [source, target, out] = ["source", "target", "run"].map((name) => join(folder, name));
    assert(source && target && out);
    writeLabelledStreets(source, "cityscapes-19");
    writeLabelledStreets(target, "idd-7", { town: "target" });
    const settings = resolveSettings("adapt", { ...tiny, source, target, out });
    const { context, data, close } = await openRun(settings, true);
    try {
      const result = await runAdaptation(context, data, () => {});
      await writePictures(context, data);
      const { classes } = labelSet("idd-7");
      assertEquals(context.network.classCount, 19);
      for (const scores of [result.sourceOnly, result.adapted]) assertEquals(Object.keys(scores?.iou ?? {}), classes);
      const thresholds = JSON.parse(readFileSync(join(out, "rounds", "1", "thresholds.json"), "utf8"));
      assertEquals([thresholds.lambda.length, thresholds.labelled.length, thresholds.precision.length], [19, 19, 7]);
      assert(thresholds.precision.some((share: number | null) => share !== null));
      const table = resultTable(result, context, null).split("\n").map((line) => line.split(/ {2,}/));
      assertEquals(table.slice(1, 8).map(([name = ""]) => name), [...classes]);
      const labelled = table.slice(1, 8).reduce((sum, cells) => sum + Number(cells.at(-2)), 0);
      assertEquals(labelled, thresholds.labelled.reduce((sum: number, pixels: number) => sum + pixels, 0));
      assert(existsSync(join(out, "pictures", "0.png")));
    } finally {
      close();
    }
  }));

Deno.test("labels of a finer set are translated to the classes that a network learns", () =>
  withFolder(async (folder) => {
    const out = join(folder, "run");
    writeLabelledStreets(folder, "cityscapes-19");
    const settings = resolveSettings("train", { ...tiny, source: folder, out, "label-set": "cityscapes-16" });
    const { context, data, close } = await openRun(settings, false);
    close();
    assertEquals(context.network.metadata.classes, labelSet("cityscapes-16").classes);
    assertEquals(context.network.metadata.palette, labelSet("cityscapes-16").palette);
    assertEquals([data.source.classes, data.target.classes], [
      context.network.metadata.classes,
      context.network.metadata.classes,
    ]);
    const [item] = data.sourceSplit.items;
    assertEquals([...item?.labelTable.slice(8, 12) ?? []], [8, 255, 9, 10]);
  }));

Deno.test("official data sets meet in the classes of either, or in those that are asked for", () =>
  withFolder((folder) => {
    const [synthia, cityscapes, camvid] = ["synthia", "cityscapes", "camvid"].map((name) => join(folder, name));
    assert(synthia && cityscapes && camvid);
    writeOfficial("synthia", synthia);
    writeOfficial("cityscapes", cityscapes);
    writeOfficial("camvid", camvid);
    const said: string[] = [];
    const options = { say: (text: string) => said.push(text) };
    const sixteen = openToLearn(synthia, labelSet("cityscapes-16"), options);
    assertEquals([sixteen.classes, said], [[...labelSet("cityscapes-16").classes], []]);
    const scored = openToScore(cityscapes, sixteen, options);
    assertEquals([scored.dataset.classes, scored.merge], [sixteen.classes, undefined]);
    const [item] = scored.dataset.split("val").items;
    // Ids of Cityscapes: vegetation, terrain, sky, then truck, bus and train.
    assertEquals([21, 22, 23, 27, 28, 31].map((id) => item?.labelTable[id]), [8, 255, 9, 255, 13, 255]);
    const wanted = labelSet("cityscapes-13");
    assertEquals(openToLearn(cityscapes, wanted, { ...options, wanted }).classes, [...wanted.classes]);
    const eleven = openToScore(camvid, labelSet("cityscapes-19"), options);
    assertEquals([eleven.dataset.classes.length, eleven.merge?.toId.length], [11, 19]);
    assertEquals(said.map((text) => text.split(", ")[1]?.split(";")[0]), [
      "cityscapes-19 → cityscapes-16",
      "cityscapes-19 → cityscapes-13",
      "cityscapes-19 → camvid-11",
    ]);
  }));
