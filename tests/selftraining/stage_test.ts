import { assert, assertEquals } from "@std/assert";
import type { Domain } from "../../src/data/mining.ts";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import { kittiSensor, nuscenesSensor, type ScanSensor } from "../../src/data/scans/sensor.ts";
import { type TrainingStage, trainStage } from "../../src/selftraining/stage.ts";
import type { TrainingSample } from "../../src/selftraining/training_step.ts";
import type { MemoryItem } from "../../src/data/memory_samples.ts";
import { augmentationOf } from "../../src/settings/method.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { pixels, rates, size, withTrainer } from "./odd_network.ts";

const item = (name: Domain): MemoryItem => ({
  name,
  image: { ...size, pixels: new Float32Array(5 * pixels) },
  labels: { ...size, labels: new Uint8Array(pixels) },
});

/** The samples that a stage of twenty steps trains on. */
function samplesOf(more: Partial<TrainingStage<MemoryItem>>): Promise<TrainingSample[]> {
  return withTrainer(async ({ trainer }) => {
    const drawn: TrainingSample[] = [];
    trainer.step = (_, samples) => {
      drawn.push(...samples);
      return Promise.resolve();
    };
    const stage: TrainingStage<MemoryItem> = {
      ...{ name: "round 1", seed: 0, steps: 20, mining: {}, rates: () => rates },
      items: [{ domain: "source", index: 0 }, { domain: "target", index: 0 }],
      images: { source: [item("source")], target: [item("target")] },
      augmentation: { scaleRange: [2, 2] },
      ...more,
    };
    await trainStage(trainer, new MemorySamples(), stage, {
      ...{ from: 0, onLosses: () => {}, checkpointDue: () => false, signal: undefined },
      checkpoint: () => Promise.resolve(),
    });
    return drawn;
  });
}

const of = (domain: Domain, samples: readonly TrainingSample[]) => samples.filter(({ name }) => name === domain);

/** Rows of the scaled image; none of a scan. */
function heightOf(plan: TrainingSample["plan"]): number {
  return plan !== null && "scaledHeight" in plan ? plan.scaledHeight : 0;
}

Deno.test("a step has the rates and the momentum of its place in the stage", async () => {
  const seen = await withTrainer(async ({ trainer }) => {
    const seen: [number | undefined, number | undefined][] = [];
    trainer.step = (_, _samples, { weights }, _random, momentum) => {
      seen.push([weights, momentum]);
      return Promise.resolve();
    };
    await trainStage(trainer, new MemorySamples(), {
      ...{ name: "round 1", seed: 0, steps: 3, mining: {}, augmentation: {} },
      items: [{ domain: "source", index: 0 }],
      images: { source: [item("source")], target: [] },
      rates: (step) => ({ weights: step / 2 }),
      momentum: (step) => 1 - step / 4,
    }, {
      ...{ from: 0, onLosses: () => {}, checkpointDue: () => false, signal: undefined },
      checkpoint: () => Promise.resolve(),
    });
    return seen;
  });
  assertEquals(seen, [[0, 1], [0.5, 0.75], [1, 0.5]]);
});

Deno.test("target images have a scale range of their own, and steps between its ends", async () => {
  const settings = resolveSettings("adapt", {
    ...{ "scale-range": [2, 2], "target-scale-range": [1, 3], "scale-steps": 2 },
  });
  const samples = await samplesOf({
    augmentation: augmentationOf(settings),
    targetScaleRange: settings.get("target-scale-range"),
  });
  const heights = (domain: Domain) => [...new Set(of(domain, samples).map(({ plan }) => heightOf(plan)))].sort();
  assertEquals([heights("source"), heights("target")], [[14], [21, 7]]);
  const alike = await samplesOf({});
  assert(alike.every(({ plan }) => heightOf(plan) === 14));
});

Deno.test("the target's images are regularised, or those of the domains that a stage names", async () => {
  const regularized = (samples: readonly TrainingSample[]) =>
    (["source", "target"] as const).map((domain) => [...new Set(of(domain, samples).map((one) => one.regularized))]);
  assertEquals(regularized(await samplesOf({})), [[0], [1]]);
  assertEquals(regularized(await samplesOf({ regularized: ["source"] })), [[1], [0]]);
});

Deno.test("the points of scans are moved by the recipe of their sensor, or stay where they are", async () => {
  const points = { height: 2, width: 1 };
  const scan = (domain: Domain, sensor: ScanSensor): MemoryItem => ({
    name: domain,
    image: { ...points, pixels: new Float32Array(8).fill(1), sensor },
    labels: { ...points, labels: new Uint8Array(2) },
  });
  const images = { source: [scan("source", kittiSensor)], target: [scan("target", nuscenesSensor)] };
  const plans = (domain: Domain, samples: readonly TrainingSample[]) =>
    of(domain, samples).flatMap(({ plan }) => plan !== null && "dropped" in plan ? [plan] : []);
  const moved = await samplesOf({ images });
  const [kitti, nuscenes] = [plans("source", moved), plans("target", moved)];
  assertEquals([kitti.length, nuscenes.length], [of("source", moved).length, of("target", moved).length]);
  assert(kitti.some(({ dropped, roll }) => dropped > 0 && roll > 0));
  assert(nuscenes.every(({ dropped, roll }) => dropped === 0 && roll === 0));
  assert(new Set(kitti.map(({ angle }) => angle)).size > 1);
  const still = await samplesOf({ images, augmentation: { moveScans: false } });
  assert(still.every(({ plan }) => plan === null));
});
