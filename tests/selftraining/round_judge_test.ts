import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import { exactly } from "../../src/data/shapes.ts";
import { scoreConfusion } from "../../src/metrics/confusion.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { equalBatches } from "../../src/selftraining/inference.ts";
import {
  agreementScore,
  bestRound,
  type MirrorAgreement,
  mirrorAgreement,
  spreadItems,
} from "../../src/selftraining/mirror_agreement.ts";
import { Predictor } from "../../src/selftraining/prediction.ts";
import { RoundJudge } from "../../src/selftraining/round_judge.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { testGpu } from "../ops/harness.ts";

Deno.test("a class that was predicted before the rounds and is gone counts as 0, one that was noise does not", () => {
  const before: MirrorAgreement = { iou: [0.9, 0.5, 0.1], shares: [0.7, 0.29995, 0.00005] };
  assertEquals(agreementScore({ iou: [0.9, 0.6, null], shares: [] }, before), 0.75);
  assertEquals(agreementScore({ iou: [1, null, null], shares: [] }, before), 0.5);
  assertEquals(agreementScore({ iou: [null, null], shares: [] }, { iou: [], shares: [] }), null);
});

Deno.test("the best round is that of the highest score, the first of equal ones; it is not known with a gap", () => {
  assertEquals([bestRound([0.4, 0.6, 0.6]), bestRound([0.4, null, 0.6]), bestRound([])], [1, null, null]);
});

Deno.test("images are spread evenly over all", () => {
  assertEquals(spreadItems([1, 2, 3, 4, 5, 6], 3), [1, 3, 5]);
  assertEquals(spreadItems([1, 2], 3), [1, 2]);
});

/** A judge that finds these agreements of two classes after round `first`, and in the rounds that follow. */
async function judged(first: number, ...agreements: (number | null)[]): Promise<RoundJudge> {
  const left = [...agreements];
  const judge = new RoundJudge(first, () => {
    const next = left.shift() ?? null;
    return Promise.resolve(next === null ? null : { iou: [next, next], shares: [0.5, 0.5] });
  });
  for (const _ of agreements) await judge.look("stage", null);
  return judge;
}

Deno.test("a round does harm where the agreement falls below that of the best before by more than noise", async () => {
  assertEquals((await judged(0, 0.5, 0.6, 0.59)).harm(), null);
  assertStringIncludes((await judged(0, 0.5, 0.6, 0.55)).harm() ?? "", "round 2 did harm");
  assertStringIncludes((await judged(3, 0.5, 0.3)).harm() ?? "", "round 4 did harm");
  assertEquals((await judged(0, 0.5, null)).harm(), null);
});

Deno.test("the best round says where its network is kept", async () => {
  const best = (await judged(0, 0.5, 0.6, 0.55)).best;
  assertEquals([best?.round, best?.weights, best?.agreement], [1, "rounds/1/weights.safetensors", [0.5, 0.6, 0.55]]);
  const start = (await judged(2, 0.5, 0.4)).best;
  assertEquals([start?.round, start?.weights], [2, "source.safetensors"]);
  assertEquals((await judged(0, 0.5, null)).best, null);
});

Deno.test("the agreement is the IoU of predictions of images and of mirrored images", async () => {
  const gpu = await testGpu();
  const size = { height: 32, width: 64 };
  const network = new Network(gpu, deeplabNano, { classes: townClasses.map(({ name }) => name), size });
  network.store.initialize(5);
  const classes = network.classCount;
  const streets = [0, 1, 2].map((index) => {
    const { pixels } = renderTown("target", index, { ...size, seed: 1 });
    return { name: String(index), image: { ...size, pixels }, labels: null };
  });
  const mirrored = streets.map(({ name, image }) => {
    const { pixels } = image;
    const bytes = pixels.length / (size.height * size.width);
    const turned = pixels.map((_, place) => {
      const [pixel, channel] = [Math.floor(place / bytes), place % bytes];
      const column = size.width - 1 - pixel % size.width;
      return pixels[(pixel - pixel % size.width + column) * bytes + channel] ?? 0;
    });
    return { name, image: { ...size, pixels: turned }, labels: null };
  });
  const predict = async (items: typeof streets) => {
    await using predictor = new Predictor(gpu, network, 2);
    const labels: Uint8Array[] = [];
    const grouping = { batch: 2, shapes: exactly(size), multiple: network.model.sizeMultiple };
    for await (const group of equalBatches(new MemorySamples().load(items, { size }), grouping)) {
      const { labels: found } = await predictor.run(group);
      const [bytes = new Uint8Array(0)] = await gpu.read(found);
      for (let image = 0; image < group.samples.length; image++) {
        labels.push(bytes.slice(image * size.height * size.width, (image + 1) * size.height * size.width));
      }
    }
    return labels;
  };
  const [plain, turned] = [await predict(streets), await predict(mirrored)];
  const confusion = new Array<number>(classes * classes).fill(0);
  for (const [image, labels] of plain.entries()) {
    for (const [pixel, label] of labels.entries()) {
      const column = size.width - 1 - pixel % size.width;
      const other = turned[image]?.[pixel - pixel % size.width + column] ?? 0;
      confusion[label * classes + other] = (confusion[label * classes + other] ?? 0) + 1;
    }
  }
  const found = await mirrorAgreement(gpu, network, new MemorySamples(), streets, { ...exactly(size), batch: 2 });
  assertEquals(found.iou, scoreConfusion(confusion).iou);
  const pixels = confusion.reduce((sum, count) => sum + count, 0);
  const row = (id: number) => confusion.slice(id * classes, (id + 1) * classes).reduce((sum, count) => sum + count, 0);
  assertEquals(found.shares, Array.from({ length: classes }, (_, id) => row(id) / pixels));
  assert(found.iou.some((value) => value !== null && value > 0 && value < 1), "nothing to tell apart");
  network.dispose();
});
