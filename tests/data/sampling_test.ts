import { assert, assertEquals } from "@std/assert";
import { type AugmentationOptions, planSample, type SamplePlan } from "../../src/data/sampling.ts";

const CROP = { height: 192, width: 256 };
const IMAGE = { height: 240, width: 320 };
const OPTIONS: AugmentationOptions = { crop: CROP };

function plans(count: number, options = OPTIONS, seed = 1, stage = "source"): SamplePlan[] {
  return Array.from(
    { length: count },
    (_, index) => planSample(IMAGE, { seed, stage, step: index >> 2, index: index % 4 }, options),
  );
}

Deno.test("with steps a scale is one of the evenly spaced ones, all of them equally likely", () => {
  const options = { crop: { height: 4, width: 4 }, scaleRange: [0.5, 1.5], scaleSteps: 11 } as const;
  const scales = Array.from({ length: 660 }, (_, index) => {
    const plan = planSample({ height: 1000, width: 10 }, { seed: 1, stage: "s", step: index, index: 0 }, options);
    return plan.scaledHeight;
  });
  const counts = Array.from({ length: 11 }, (_, step) => scales.filter((scale) => scale === 500 + 100 * step).length);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), 660);
  assert(counts.every((count) => count > 30 && count < 90), `${counts}`);
});

Deno.test("in tenths the scales lie 0.1 apart, as in CRST's code", () => {
  const drawn = (smallest: number, largest: number) => {
    const options = { crop: { height: 4, width: 4 }, scaleRange: [smallest, largest], scaleSteps: "tenths" } as const;
    const scales = Array.from(
      { length: 400 },
      (_, step) =>
        planSample({ height: 1000, width: 10 }, { seed: 1, stage: "s", step, index: 0 }, options).scaledHeight,
    );
    return [...new Set(scales)].sort((a, b) => a - b);
  };
  const upTo = (first: number, count: number) => Array.from({ length: count }, (_, place) => first + 100 * place);
  assertEquals(drawn(0.5, 1.5), upTo(500, 11));
  assertEquals(drawn(0.6, 1.5), upTo(600, 10));
  // int((1.2 − 0.8) · 10) is 3 in float64.
  assertEquals(drawn(0.8, 1.2), upTo(800, 4));
});

Deno.test("planSample() is a function of its place: the same again, another for each seed, stage, step and index", () => {
  const place = { seed: 1, stage: "source", step: 5, index: 2 };
  const plan = planSample(IMAGE, place, OPTIONS);
  assertEquals(planSample(IMAGE, place, OPTIONS), plan);
  const others = [{ seed: 2 }, { stage: "round 1" }, { step: 6 }, { index: 3 }];
  for (const other of others) {
    assert(
      JSON.stringify(planSample(IMAGE, { ...place, ...other }, OPTIONS)) !== JSON.stringify(plan),
      JSON.stringify(other),
    );
  }
});

Deno.test("crops lie in the scaled, padded image and reach both of its ends; scales, places and mirrors are uniform", () => {
  const drawn = plans(4000);
  let [first, last, mirrored] = [0, 0, 0];
  const thirds = [0, 0, 0];
  for (const plan of drawn) {
    const spareRows = Math.max(plan.scaledHeight, CROP.height) - CROP.height;
    const spareColumns = Math.max(plan.scaledWidth, CROP.width) - CROP.width;
    assert(plan.top >= 0 && plan.top <= spareRows && plan.left >= 0 && plan.left <= spareColumns);
    assert(plan.scaledHeight >= 180 && plan.scaledHeight <= 360);
    // Both sides are scaled by one factor.
    assert(Math.abs(plan.scaledHeight / 240 - plan.scaledWidth / 320) < 0.5 / 240 + 0.5 / 320);
    if (spareRows > 0 && plan.top === 0) first++;
    if (spareRows > 0 && plan.top === spareRows) last++;
    if (plan.mirror) mirrored++;
    const third = Math.min(2, Math.floor((plan.scaledHeight - 180) / 60));
    thirds[third] = (thirds[third] ?? 0) + 1;
    assertEquals([plan.brightness, plan.contrast, plan.saturation, plan.minedClass], [1, 1, 1, null]);
  }
  assert(first > 20 && last > 20, `${first} crops at the top, ${last} at the bottom`);
  assert(Math.abs(mirrored - 2000) < 150, `${mirrored} of 4000 mirrored`);
  for (const count of thirds) assert(Math.abs(count - 1333) < 150, `scales by thirds: ${thirds}`);
});

Deno.test("scale range, mirror and jitter are options", () => {
  const options: AugmentationOptions = {
    crop: { height: 8, width: 8 },
    scaleRange: [1, 1],
    mirror: false,
    jitter: { brightness: 0.2, saturation: 0.5 },
  };
  const drawn = plans(400, options);
  assert(
    drawn.every((plan) => plan.scaledHeight === 240 && plan.scaledWidth === 320 && !plan.mirror && plan.contrast === 1),
  );
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
  const [darkest = 0, brightest = 0] = range(drawn.map((plan) => plan.brightness));
  assert(darkest >= 0.8 && darkest < 0.81 && brightest <= 1.2 && brightest > 1.19, `${darkest} to ${brightest}`);
  const [palest = 0] = range(drawn.map((plan) => plan.saturation));
  assert(palest >= 0.5 && palest < 0.53);
  // Colours do not change what is cut.
  const { jitter: _, ...plain } = options;
  assertEquals(plans(400, plain).map((plan) => [plan.top, plan.left]), drawn.map((plan) => [plan.top, plan.left]));
});

Deno.test("an image of one pixel can be sampled", () => {
  const plan = planSample({ height: 1, width: 1 }, { seed: 0, stage: "s", step: 0, index: 0 }, {
    crop: CROP,
    scaleRange: [0.1, 0.2],
  });
  assertEquals([plan.scaledHeight, plan.scaledWidth, plan.top, plan.left], [1, 1, 0, 0]);
});
