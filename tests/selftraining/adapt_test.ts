import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import type { SampleSource } from "../../src/data/sample.ts";
import { InterruptedError } from "../../src/errors.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { scoreConfusion } from "../../src/metrics/confusion.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { adapt } from "../../src/selftraining/adapt.ts";
import type { AdaptationImages, AdaptationResult, AdaptationSettings } from "../../src/selftraining/adaptation.ts";
import { crossEntropyWith } from "../../src/selftraining/objective.ts";
import { timedForm } from "../../src/selftraining/kept.ts";
import { scoresForm } from "../../src/selftraining/kept_results.ts";
import { MemoryStore } from "../../src/selftraining/memory_store.ts";
import type { StageProgress } from "../../src/selftraining/progress.ts";
import type { RunStore } from "../../src/selftraining/store.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import { FolderStore } from "../../src/run/folder_store.ts";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { writeTowns } from "../../src/run/synth.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { renderTown, townClasses, type TownName } from "../../src/town/town.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";

const size = { height: 32, width: 64 };
const rates = (rate: number) => ({ backbone: rate, head: rate });
const settings: AdaptationSettings = {
  ...{ seed: 3, rounds: 2, epochs: 2, sourceChoice: "redrawn", portionRule: "crst", rateDecay: "constant" },
  sourceTraining: { steps: 4, rates: () => rates(0.01) },
  targetPortion: { initial: 0.3, step: 0.1, maximum: 0.5 },
  sourcePortion: { images: 2 },
  learningRates: [0.005],
  rates,
  augmentation: { scaleRange: [0.75, 1.5] },
  selection: { policy: "cbst", rule: "crst", stride: 1 },
  spatialPrior: true,
  mining: { rule: "reference", domains: "both", chance: 0.5 },
};

/** The streets that `writeTowns` writes with seed 1. */
function streets(town: TownName, split: "train" | "val") {
  const count = split === "train" ? 3 : 2;
  return Array.from({ length: count }, (_, index) => {
    const picture = renderTown(town, index + (split === "train" ? 0 : 1_000_000), { ...size, seed: 1 });
    return { name: String(index).padStart(4, "0"), image: picture, labels: picture };
  });
}

const images = {
  source: streets("source", "train"),
  target: streets("target", "train"),
  evaluation: streets("target", "val"),
};

interface Finished {
  readonly result: AdaptationResult;
  readonly weights: Uint8Array;
}

/** Runs the adaptation; with `stopAt`, until the so-many-th stage begins, counted from 1. */
async function run<Item>(
  samples: SampleSource<Item>,
  store: RunStore<Item>,
  all: AdaptationImages<Item>,
  { stopAt = Infinity, isSoft = false, seen = [] }: {
    readonly stopAt?: number;
    readonly isSoft?: boolean;
    /** Takes what the run shows, in its order. */
    readonly seen?: string[];
  } = {},
): Promise<Finished> {
  const gpu = await testGpu();
  const network = new Network(gpu, deeplabNano, { classes: townClasses.map(({ name }) => name), size });
  network.store.initialize(3);
  const optimizer = await sgd(gpu, network.store);
  const trainer = await Trainer.open(gpu, network, optimizer, {
    ...{ batch: 2, crop: { height: 32, width: 32 }, size },
    ...isSoft ? { labels: "compact", objective: crossEntropyWith({ regularizer: "mrkld", weight: 0.1 }) } : {},
  });
  const controller = new AbortController();
  let stages = 0;
  const stage = (): StageProgress => {
    if (++stages >= stopAt) controller.abort(new InterruptedError("stopped"));
    return { update: () => {}, end: () => {} };
  };
  const progress = { stage, line: () => {}, warn: () => {} };
  try {
    const see = (what: string) => (round: number) => Promise.resolve(void seen.push(`${what} ${round}`));
    const shown = { onNetwork: see("network"), onLabels: see("labels") };
    const result = await adapt({ trainer, samples, store, progress, signal: controller.signal, ...shown }, all, {
      ...settings,
      ...isSoft ? { selection: { ...settings.selection, policy: "lrent", alpha: 0.5 } } : {},
    });
    return { result, weights: await store.read("weights.safetensors") ?? new Uint8Array(0) };
  } finally {
    for (const owned of [trainer, optimizer, network]) owned.dispose();
  }
}

Deno.test("an adaptation in memory, stopped in every stage and gone on with, ends with the bytes of one in a folder", () =>
  withFolder(async (folder) => {
    const seen: string[] = [];
    const whole = await run(new MemorySamples(), new MemoryStore(), images, { seen });
    assert(whole.weights.length > 0);
    const { sourceOnly, rounds, adapted } = whole.result;
    assertEquals([rounds.length, rounds[1], sourceOnly?.images], [2, adapted, 2]);
    assertEquals(seen, ["network 0", "labels 1", "network 1", "labels 2", "network 2"]);
    const { iou, miou } = scoreConfusion(adapted?.confusion?.flat() ?? []);
    assertEquals([iou, miou], [Object.values(adapted?.iou ?? {}), adapted?.miou]);

    const store = new MemoryStore();
    let interruptions = 0;
    for (;; interruptions++) {
      const attempt = run(new MemorySamples(), store, images, { stopAt: 2 });
      if (await attempt.then(() => true, () => false)) break;
      await assertRejects(() => attempt, InterruptedError);
      assert(interruptions < 20, "the run does not go on");
    }
    // Source training and its scores, then labels, training and scores of two rounds; the first needs no second start.
    assert(interruptions >= 5, `${interruptions} interruptions`);
    const late: string[] = [];
    const resumed = await run(new MemorySamples(), store, images, { seen: late });
    assertEquals(resumed.weights, whole.weights);
    assertEquals(late, ["labels 1", "labels 2", "network 2"], "networks that are no more are not shown");
    const steps = store.entries.filter(({ step }) => step !== undefined).map(({ stage, step }) => `${stage} ${step}`);
    assertEquals(new Set(steps).size, steps.length, "a step was logged twice");

    await writeTowns(folder, { trainCount: 3, valCount: 2, ...size, seed: 1 });
    const open = (town: TownName, split: string) => openDataset(`${folder}/${town}`).split(split).items;
    using loader = openLoader();
    const files = FolderStore.open(`${folder}/run`, resolveSettings("adapt"));
    const inFolder = await run(loader, files, {
      source: open("source", "train"),
      target: open("target", "train"),
      evaluation: open("target", "val"),
    });
    files.close();
    assertEquals(inFolder.weights, whole.weights);
    assertEquals({ ...inFolder.result, seconds: {} }, { ...whole.result, seconds: {} });
  }));

Deno.test("soft labels train with hard ones of the source, in memory as in a folder, stopped and gone on with", () =>
  withFolder(async (folder) => {
    const isSoft = true;
    const whole = await run(new MemorySamples(), new MemoryStore(), images, { isSoft });
    await writeTowns(folder, { trainCount: 3, valCount: 2, ...size, seed: 1 });
    const open = (town: TownName, split: string) => openDataset(`${folder}/${town}`).split(split).items;
    const inFolder = {
      source: open("source", "train"),
      target: open("target", "train"),
      evaluation: open("target", "val"),
    };
    using loader = openLoader();
    const openStore = (resume: boolean) => FolderStore.open(`${folder}/run`, resolveSettings("adapt"), { resume });
    const first = openStore(false);
    // The third stage that is shown is the training of the first round.
    await assertRejects(() => run(loader, first, inFolder, { isSoft, stopAt: 5 }), InterruptedError);
    first.close();
    const second = openStore(true);
    const { weights } = await run(loader, second, inFolder, { isSoft });
    second.close();
    assertEquals(weights, whole.weights);
    const { alpha, policy } = JSON.parse(Deno.readTextFileSync(`${folder}/run/rounds/1/thresholds.json`));
    assertEquals([policy, alpha], ["lrent", 0.5]);
    const hard = await run(new MemorySamples(), new MemoryStore(), images);
    assert(hard.weights.some((byte, index) => byte !== whole.weights[index]));
  }));

Deno.test("a step is logged once, though the program died before the stage's first checkpoint", async () => {
  const store = new MemoryStore();
  let losses = 0;
  const log = store.log.bind(store);
  store.log = async (entry) => {
    await log(entry);
    if (entry.stage === "round 1" && ++losses === 2) throw new Error("killed");
  };
  await assertRejects(() => run(new MemorySamples(), store, images), Error, "killed");
  await run(new MemorySamples(), store, images);
  const steps = store.entries.filter(({ step }) => step !== undefined).map(({ stage, step }) => `${stage} ${step}`);
  assert(losses > 2);
  assertEquals(new Set(steps).size, steps.length, steps.join());
});

Deno.test("weights are kept before they are scored: a failure there loses no training", async () => {
  const unscored = { ...images, evaluation: images.evaluation.map((item) => ({ ...item, labels: null })) };
  const store = new MemoryStore();
  await assertRejects(() => run(new MemorySamples(), store, unscored), Error, "Cannot score");
  const source = await store.read("source.safetensors");
  assert(source !== null && await store.read("weights.safetensors") === null);
  // The next start skips the first scores, and fails at those after a round.
  await store.once("source: evaluation", timedForm(scoresForm), () => Promise.resolve({ value: null, time: 0 }));
  await store.once("round 1: evaluation", timedForm(scoresForm), () => Promise.resolve({ value: null, time: 0 }));
  await assertRejects(() => run(new MemorySamples(), store, unscored), Error, "Cannot score");
  const weights = await store.read("weights.safetensors");
  assert(weights !== null);
  assertEquals(await store.read("source.safetensors"), source);
  // With labels the run only scores what is left, and ends with the same weights.
  const { weights: last } = await run(new MemorySamples(), store, images);
  assertEquals(last, weights);
});

Deno.test("without labels of the target there is no precision, and the network is the same", async () => {
  const unlabelled = images.target.map((item) => ({ ...item, labels: null }));
  const [known, unknown] = [new MemoryStore(), new MemoryStore()];
  const first = await run(new MemorySamples(), known, images);
  const second = await run(new MemorySamples(), unknown, { ...images, target: unlabelled, evaluation: null });
  assertEquals(second.weights, first.weights);
  assertEquals(second.result.adapted, null);
  const precision = async (store: MemoryStore): Promise<(number | null)[]> =>
    JSON.parse(new TextDecoder().decode(await store.read("rounds/2/thresholds.json") ?? undefined)).precision;
  assert((await precision(known)).some((share) => share !== null && share > 0));
  assert((await precision(unknown)).every((share) => share === null));
});
