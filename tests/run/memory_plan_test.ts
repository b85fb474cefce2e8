import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { runAdaptation } from "../../src/run/adaptation.ts";
import { peakOf, type StageName } from "../../src/run/memory_plan.ts";
import { memoryStages } from "../../src/run/memory_report.ts";
import { openRun } from "../../src/run/open_run.ts";
import { writePictures } from "../../src/run/pictures.ts";
import { Profile, type ProfileStage } from "../../src/run/profile.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { street, writeStreets } from "../cli/fixture.ts";
import { writeLabelledStreets } from "../data/labelled_streets.ts";
import { withFolder, write } from "../data/pictures.ts";
import { writeScanStreets } from "./scan_streets.ts";

/** The stage of the plan that a part of a profile belongs to. */
const stageOf: Partial<Record<ProfileStage, StageName>> = {
  "source training": "training",
  training: "training",
  labelling: "labelling",
  selection: "labelling",
  evaluation: "scoring",
  pictures: "pictures",
};

/** Notes the peak of each part of a run. */
class Peaks extends Profile {
  readonly found = new Map<StageName, number>();
  #stage: StageName | undefined;

  constructor(readonly gpu: Gpu) {
    super();
  }

  override enter(part: ProfileStage): void {
    if (this.#stage !== undefined) {
      this.found.set(this.#stage, Math.max(this.found.get(this.#stage) ?? 0, this.gpu.peakBytes));
    }
    this.#stage = stageOf[part];
    this.gpu.resetPeak();
    super.enter(part);
  }
}

const keepingShapes: Values = {
  model: "deeplab-nano",
  crop: { height: 32, width: 32 },
  "source-steps": 1,
  "warm-up": 0,
  rounds: 1,
  epochs: 1,
  "learning-rate": [0.001],
  "source-images": 1,
  "target-images": "all",
  "spatial-prior": false,
  mining: "off",
};

const tiny: Values = { ...keepingShapes, size: { height: 32, width: 64 } };

const runs: Record<string, Values> = {
  "the image as it is": { batch: 2 },
  "several views, accumulation, AdamW, clipping, a prior, a stride": {
    ...{ batch: 1, accumulate: 2, optimizer: "adamw", "clip-norm": 1, "spatial-prior": true, stride: 3 },
    ...{ scales: [0.75, 1.25], flip: true, average: "logits", "label-batch": 3 },
  },
  "soft labels, a regulariser at the logits, other views in tests": {
    ...{ batch: 2, policy: "lrent", regularizer: "mrent", "loss-at": "logits", "label-batch": 1 },
    ...{ "test-scales": [1, 1.25], "test-flip": true, "test-average": "maximum" },
  },
};

for (const [name, values] of Object.entries(runs)) {
  Deno.test(`each stage of a run takes what the plan says, and at most 5 % less, with ${name}`, () =>
    withFolder((folder) => {
      writeStreets(folder);
      return checkPlan(folder, { ...tiny, ...values }, 1.05);
    }));
}

Deno.test("each stage of a run takes what the plan says where the network's classes are merged for scoring", () =>
  withFolder((folder) => {
    const [source, target] = [join(folder, "source"), join(folder, "target")];
    writeLabelledStreets(source, "cityscapes-19");
    writeLabelledStreets(target, "idd-7");
    return checkPlan(folder, { ...tiny, batch: 2, source, target }, 1.05);
  }));

Deno.test("each stage of a run on LiDAR scans takes no more than the plan says", () =>
  withFolder((folder) => {
    writeScanStreets(folder);
    const { crop: _, ...settings } = tiny;
    return checkPlan(folder, {
      ...{ ...settings, model: "fidnet-nano", size: { height: 16, width: 64 }, batch: 2, "label-batch": 2 },
      ...{ "spatial-prior": true, stride: 4, flip: true },
    }, 1.2);
  }));

Deno.test("each stage of a run on images of mixed shapes takes no more than the plan says", () =>
  withFolder((folder) => {
    writeStreets(folder);
    for (const [index, size] of [{ height: 70, width: 45 }, { height: 33, width: 60 }].entries()) {
      const { image, labels } = street(index, size);
      for (const split of ["train", "val"]) {
        write(join(folder, split, "images", `${index}.png`), image);
        write(join(folder, split, "labels", `${index}.png`), labels);
      }
    }
    return checkPlan(folder, { ...keepingShapes, "short-side": 32, "spatial-prior": true, flip: true }, 1.5);
  }));

/** @param most the most that may be planned for a stage, as a multiple of what it takes. */
async function checkPlan(folder: string, values: Values, most: number): Promise<void> {
  const out = join(folder, "run");
  const settings = resolveSettings("adapt", { source: folder, target: folder, ...values, out });
  const { context, data, close } = await openRun(settings, true);
  try {
    const { gpu } = context;
    const before = gpu.allocatedBytes;
    const stages = memoryStages(context, data, true);
    assertEquals(gpu.allocatedBytes, before);
    const profile = new Peaks(gpu);
    const measured = { ...context, profile };
    await runAdaptation(measured, data, () => {});
    profile.enter("pictures");
    await writePictures(measured, data);
    profile.enter("other");
    assertEquals(stages.map(({ stage }) => stage), ["training", "labelling", "scoring", "pictures"]);
    for (const { stage, bytes } of stages) {
      const found = profile.found.get(stage) ?? 0;
      assert(found <= bytes && bytes <= most * found, `${stage}: planned ${bytes}, measured ${found}`);
    }
    const peak = Math.max(...profile.found.values());
    const { stage, bytes } = peakOf(stages);
    assertEquals(profile.found.get(stage), peak);
    assert(peak <= bytes && bytes <= most * peak);
  } finally {
    close();
  }
}
