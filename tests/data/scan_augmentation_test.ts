/** The augmentation of scans: a pure function of the place, with the published ranges. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { planScan } from "../../src/data/scans/augmentation.ts";

const place = { seed: 3, stage: "source", step: 4, index: 1 };
const plans = (augmentation: "kitti" | "nuscenes") =>
  Array.from({ length: 2000 }, (_, step) => planScan({ ...place, step }, { augmentation }));
const share = (values: readonly boolean[]) => values.filter(Boolean).length / values.length;

Deno.test("equal places give equal plans, and every part of a place counts", () => {
  const plan = planScan(place, { augmentation: "kitti" });
  assertEquals(planScan({ ...place }, { augmentation: "kitti" }), plan);
  for (const other of [{ seed: 4 }, { stage: "round 1" }, { step: 5 }, { index: 2 }]) {
    assertNotEquals(planScan({ ...place, ...other }, { augmentation: "kitti" }), plan);
  }
});

for (
  const [augmentation, { mostDropped, deviation, mostShift, rolls }] of [
    ["kitti", { mostDropped: 0.1, deviation: 0.1, mostShift: 0.3, rolls: true }],
    ["nuscenes", { mostDropped: 0, deviation: 0.2, mostShift: 0.6, rolls: false }],
  ] as const
) {
  Deno.test(`the augmentation of ${augmentation} has the published ranges`, () => {
    const drawn = plans(augmentation);
    const near = (actual: number, wanted: number, tolerance: number) =>
      assert(Math.abs(actual - wanted) < tolerance, `${actual}, expected about ${wanted}`);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    near(mean(drawn.map(({ dropped }) => dropped)), mostDropped / 2, 0.003);
    assert(drawn.every(({ dropped }) => dropped <= mostDropped));
    for (const x of [false, true]) {
      for (const y of [false, true]) {
        near(share(drawn.map(({ mirrorX, mirrorY }) => mirrorX === x && mirrorY === y)), 0.25, 0.04);
      }
    }
    near(share(drawn.map(({ scale }) => scale < 1)), 0.5, 0.05);
    assert(drawn.every(({ scale }) => scale <= 1.05 && scale >= 1 / 1.05));
    near(mean(drawn.map(({ scale }) => Math.max(scale, 1 / scale))), 1.025, 0.002);
    near(mean(drawn.map(({ angle }) => angle)), Math.PI, 0.15);
    const shifts = drawn.flatMap(({ shift }) => shift);
    assert(shifts.every((value) => Math.abs(value) <= mostShift));
    near(Math.sqrt(mean(shifts.map((value) => value * value))), deviation, 0.01 * deviation / 0.1);
    if (rolls) near(mean(drawn.map(({ roll }) => roll)), 0.5, 0.03);
    else assert(drawn.every(({ roll }) => roll === 0));
  });
}
