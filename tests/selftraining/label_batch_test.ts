import { assert, assertEquals } from "@std/assert";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { loadNetwork } from "../../src/nn/network.ts";
import { evaluate } from "../../src/selftraining/evaluation.ts";
import { equalBatches } from "../../src/selftraining/inference.ts";
import type { ScoreBatches } from "../../src/selftraining/scores.ts";
import { assignLabels, selectThresholds } from "../../src/selftraining/selection.ts";
import { plainView, ViewLogits } from "../../src/selftraining/views.ts";
import { networkFile, pictureSize, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";

Deno.test("thresholds, labels and scores do not depend on how many images are in a batch", () =>
  withFolder(async (folder) => {
    writeStreets(folder);
    const dataset = openDataset(folder);
    const items = [0, 1, 0, 1, 1].flatMap((index) =>
      dataset.split(["train", "val"][index] ?? "").items.map((item, copy) => ({ ...item, name: `${index} ${copy}` }))
    );
    const gpu = await testGpu();
    using loader = openLoader();
    const { bytes, tensors } = await networkFile();
    const network = loadNetwork(gpu, bytes, "the network");
    // An untrained network is certain of everything; with a weak head it is not.
    for (const [name, { values }] of tensors) {
      if (name.startsWith("head.")) values.forEach((value, index) => values[index] = value / 1e4);
    }
    network.store.load(tensors, "the weaker network");
    const scores = { classes: network.classCount, alignCorners: network.model.alignCorners };
    const settings = { policy: "cbst", rule: "crst", portion: 0.3, stride: 1 } as const;
    const results = [];
    for (const batch of [1, 3, 4]) {
      const logits = new ViewLogits(gpu, network, batch, plainView);
      let batches = 0;
      const source: ScoreBatches = {
        images: items.length,
        async *batches() {
          const samples = loader.load(items, { size: pictureSize });
          const grouping = { batch, shapes: { size: pictureSize }, multiple: network.model.sizeMultiple };
          for await (const group of equalBatches(samples, grouping)) {
            const computed = await logits.compute(group);
            batches++;
            yield computed;
            gpu.destroyBuffer(computed.logits.buffer);
          }
        },
      };
      const { lambda } = await selectThresholds(gpu, source, scores, settings);
      const labels: number[] = [];
      for await (const labelled of assignLabels(gpu, source, scores, lambda)) labels.push(...labelled.labels);
      assertEquals(batches, 2 * Math.ceil(items.length / batch));
      await logits.dispose();
      results.push({
        lambda,
        labels,
        confusion: await evaluate(gpu, network, loader, items, { size: pictureSize, batch }),
      });
    }
    const [first] = results;
    assert(first !== undefined);
    assertEquals(first.labels.length, items.length * pictureSize.height * pictureSize.width);
    assert(first.labels.includes(255) && new Set(first.labels).size > 3, `labels are ${[...new Set(first.labels)]}`);
    for (const result of results) assertEquals(result, first);
    network.dispose();
  }));
