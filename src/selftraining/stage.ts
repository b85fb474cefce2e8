/**
 * A training stage: a number of steps over the shuffled union of source and target images. How a crop is drawn depends
 * only on the seed, the stage and the crop's number. So a stage that goes on from any step gives the same bits.
 *
 * @module
 */

import { InterruptedError } from "../errors.ts";
import type { Domain, MiningPlan } from "../data/mining.ts";
import { type BatchMix, BatchOrder, type DomainItem } from "../data/order.ts";
import type { Sample, SampleSource } from "../data/sample.ts";
import type { WorkingSize } from "../data/size.ts";
import { type AugmentationOptions, planSample } from "../data/sampling.ts";
import type { ScanSensor } from "../data/scans/sensor.ts";
import { planScan, type ScanAugmentation } from "../data/scans/augmentation.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import type { LearningRates } from "../optim/optimizer.ts";
import type { StepLoss, Trainer } from "./trainer.ts";
import type { TrainingSample } from "./training_step.ts";

/** What a stage trains on and how long. */
export interface TrainingStage<Item> {
  /** Name, such as `source` or `round 2`. Every random draw depends on it. */
  readonly name: string;
  /** Seed of every random draw. */
  readonly seed: number;
  /** Which images the stage trains on. */
  readonly items: readonly DomainItem[];
  /** How images of the two domains meet in a batch. Default: `random`. */
  readonly batchMix?: BatchMix | undefined;
  /** The images of each domain as the `SampleSource` knows them. The target's labels are pseudo-labels. */
  readonly images: Readonly<Record<Domain, readonly Item[]>>;
  /** How crops are drawn; their size is the trainer's. */
  readonly augmentation: Omit<AugmentationOptions, "crop">;
  /** Least and greatest scale factor of target images. Default: those of `augmentation`. */
  readonly targetScaleRange?: readonly [number, number] | undefined;
  /** Rare-class mining of each domain. A domain without a plan has plain random crops. */
  readonly mining: Partial<Readonly<Record<Domain, MiningPlan>>>;
  /** The domains whose images are regularised, if the objective has a regulariser. Default: the target. */
  readonly regularized?: readonly Domain[];
  /** Number of training steps. */
  readonly steps: number;
  /** Learning rate of each parameter group at a step, counted from 0. */
  readonly rates: (step: number) => LearningRates;
  /** Momentum at a step, where it is not that of the optimizer's settings. */
  readonly momentum?: (step: number) => number | undefined;
}

/** What happens around the steps. */
export interface StageEvents {
  /** How large the images are of which crops are cut. Default: exactly the size for which the trainer has room. */
  readonly size?: WorkingSize | undefined;
  /** The step to start at; above 0 when a stage goes on. */
  readonly from: number;
  /** Called with losses when they have been read back, in the order of the steps. */
  readonly onLosses: (losses: readonly StepLoss[]) => Promise<void> | void;
  /** Asked between steps whether a checkpoint is due. */
  readonly checkpointDue: () => boolean;
  /** Writes a checkpoint; `step` steps have been done. */
  readonly checkpoint: (step: number) => Promise<void>;
  /** When it is given, the stage writes a checkpoint at the next step and ends. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Most micro-batches that are submitted before their losses are read. The number is small, so that a stop takes effect
 * soon.
 */
const maxWaiting = 16;
/** Losses are read at least this often, in milliseconds. */
const readInterval = 400;

/**
 * Runs the steps of a stage from `events.from` to the end.
 *
 * @throws {InterruptedError} after a checkpoint, when the signal is given.
 * @throws {Error} naming the step at which the loss or a gradient stopped being finite.
 */
export async function trainStage<Item>(
  trainer: Trainer,
  source: SampleSource<Item>,
  stage: TrainingStage<Item>,
  events: StageEvents,
): Promise<void> {
  trainer.optimizer.step = events.from;
  const { crop, size: room } = trainer.options;
  const size = events.size === undefined ? room : events.size;
  const augmentation = { ...stage.augmentation, crop };
  const domainOf = stage.batchMix === "even" ? ({ domain }: DomainItem) => domain : undefined;
  const order = new BatchOrder(stage.items, trainer.crops, stage.seed, stage.name, domainOf);
  const batches = source.load(imagesOf(stage, order, events.from), { size });
  let lastRead = performance.now();
  const reading = new OneBehind<StepLoss[]>();
  const report = async () => {
    const losses = await reading.take();
    if (losses !== null) await events.onLosses(losses);
  };
  for (let step = events.from; step < stage.steps; step++) {
    const samples: TrainingSample[] = [];
    for (const [index, { domain }] of order.batch(step).entries()) {
      const loaded = await batches.next();
      if (loaded.done === true) throw new Error("The source of the samples ended before the stage");
      samples.push(trainingSample(stage, augmentation, loaded.value, { domain, step, index }));
    }
    const random = { seed: stage.seed, stage: stage.name };
    await trainer.step(step, samples, stage.rates(step), random, stage.momentum?.(step));
    await report();
    const interrupted = events.signal?.aborted ?? false;
    const due = events.checkpointDue() || interrupted || step === stage.steps - 1;
    if (due || trainer.waiting * trainer.accumulate >= maxWaiting || performance.now() - lastRead > readInterval) {
      reading.keep(trainer.losses());
      lastRead = performance.now();
    }
    if (due) {
      await report();
      await events.checkpoint(step + 1);
    }
    if (interrupted) throw new InterruptedError(`Stopped after step ${step + 1} of ${stage.steps} of ${stage.name}`);
  }
  await batches.return();
}

function* imagesOf<Item>(stage: TrainingStage<Item>, order: BatchOrder<DomainItem>, from: number): Generator<Item> {
  for (let step = from; step < stage.steps; step++) {
    for (const { domain, index } of order.batch(step)) {
      const image = stage.images[domain][index];
      if (image === undefined) throw new RangeError(`There is no ${domain} image ${index}`);
      yield image;
    }
  }
}

/** The published recipe for a sensor's kind of scans. */
function augmentationOf({ rule }: ScanSensor): ScanAugmentation["augmentation"] {
  return rule === "angle" ? "kitti" : "nuscenes";
}

function trainingSample<Item>(
  stage: TrainingStage<Item>,
  augmentation: AugmentationOptions,
  { name, image, labels, softLabels }: Sample,
  { domain, step, index }: { readonly domain: Domain; readonly step: number; readonly index: number },
): TrainingSample {
  const { height, width, sensor } = image;
  if (labels === null) throw new Error(`Cannot train on ${name}: it has no labels`);
  const mining = stage.mining[domain];
  const { regularized = ["target"], targetScaleRange } = stage;
  const shared = { name, image, regularized: regularized.includes(domain) ? 1 : 0 };
  const place = { seed: stage.seed, stage: stage.name, step, index };
  if (sensor !== undefined) {
    const { moveScans = true } = augmentation;
    return { ...shared, labels, plan: moveScans ? planScan(place, { augmentation: augmentationOf(sensor) }) : null };
  }
  const ownRange = domain === "target" && targetScaleRange !== undefined ? { scaleRange: targetScaleRange } : {};
  const plan = planSample(
    { height, width },
    place,
    { ...augmentation, ...ownRange },
    mining === undefined ? undefined : { labels: { height, width, labels }, mining },
  );
  return { ...shared, labels: softLabels ?? labels, plan };
}
