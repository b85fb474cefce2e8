import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import {
  centredStart,
  minedDomains,
  minedWindow,
  miningClasses,
  type MiningPlan,
  type SampleLabels,
} from "../../src/data/mining.ts";
import { resizeLabels } from "../../src/data/resize.ts";
import { planSample } from "../../src/data/sampling.ts";
import { Random } from "../../src/random.ts";
import { testWithShared } from "../shared.ts";

testWithShared("centredStart() gives the crop corners of the vectors", ["vectors/mine_crop.json"], (path) => {
  const cases = JSON.parse(readFileSync(path ?? "", "utf8"));
  assertEquals(cases.length, 20);
  for (const { height, width, crop_h, crop_w, seed_y, seed_x, top, left } of cases) {
    assertEquals([centredStart(seed_y, height, crop_h), centredStart(seed_x, width, crop_w)], [top, left]);
  }
});

testWithShared(
  "miningClasses() gives the rare classes of the selection vectors",
  ["vectors/a/thresholds.json", "vectors/b/thresholds.json"],
  (...paths) => {
    let checked = 0;
    for (const path of paths) {
      for (const { mine } of JSON.parse(readFileSync(path, "utf8")).cases) {
        if (mine === undefined) continue;
        assertEquals(miningClasses(mine.size), { rarest: mine.rarest, below: mine.below });
        checked++;
      }
    }
    assert(checked > 50, `${checked} cases`);
  },
);

/**
 * 40×60 labels of class 0, with a 2×3 patch of class 1 at rows 5 and 6, one pixel of class 2 in a corner, and ignored
 * columns.
 */
function labels(): SampleLabels {
  const map = new Uint8Array(40 * 60);
  for (const row of [5, 6]) map.fill(1, row * 60 + 30, row * 60 + 33);
  map[39 * 60 + 59] = 2;
  for (let row = 0; row < 40; row++) map.fill(255, row * 60, row * 60 + 3);
  return { height: 40, width: 60, labels: map };
}

const CROP = { height: 16, width: 20 };
const random = new Random(3, "mining test");

function windows(mining: MiningPlan, scaled = { height: 40, width: 60 }, count = 500, crop = CROP) {
  return Array.from(
    { length: count },
    (_, index) => minedWindow(labels(), scaled, crop, mining, (draw) => random.uniform(index, draw)),
  );
}

Deno.test("rule reference: every mined crop holds a pixel of its class, anywhere in the crop, in four of five draws", () => {
  for (const scaled of [{ height: 40, width: 60 }, { height: 55, width: 83 }, { height: 12, width: 18 }]) {
    const drawn = windows({ rule: "reference", classes: { rarest: [1, 3, 2], below: [] } }, scaled);
    const mined = drawn.filter((window) => window !== null);
    assert(Math.abs(mined.length - 400) < 40, `${mined.length} of 500 mined`);
    const map = resizeLabels(labels().labels, 40, 60, scaled.height, scaled.width);
    for (const { top, left, classId } of mined) {
      assert(
        top >= 0 && top <= Math.max(scaled.height, 16) - 16 && left >= 0 && left <= Math.max(scaled.width, 20) - 20,
      );
      assert(map.some((id, pixel) => {
        const [row, column] = [Math.floor(pixel / scaled.width), pixel % scaled.width];
        return id === classId && row >= top && row < top + 16 && column >= left && column < left + 20;
      }));
    }
    const classes = new Set(map);
    for (const classId of [1, 2]) {
      assertEquals(mined.some((window) => window.classId === classId), classes.has(classId));
    }
    // Both candidates are equally likely, however many pixels they have.
    const ofTwo = mined.filter((window) => window.classId === 2).length;
    if (classes.has(2) && classes.has(1)) {
      assert(Math.abs(ofTwo - mined.length / 2) < 45, `${ofTwo} of ${mined.length}`);
    }
  }
  const lefts = new Set(
    windows({ rule: "reference", classes: { rarest: [1], below: [] } }).map((window) => window?.left),
  );
  assert(lefts.size > 20, "the pixel is not always at the same place in the crop");
});

Deno.test("rule crst: only classes below a share of 0.001, the crop centred on the pixel and moved into the image", () => {
  const none = windows({ rule: "crst", classes: { rarest: [1, 2], below: [] } });
  assert(none.every((window) => window === null));
  const corner = windows({ rule: "crst", classes: { rarest: [1], below: [2, 3] }, chance: 1 });
  assert(corner.every((window) => window?.top === 24 && window.left === 40 && window.classId === 2));
  const patch = windows({ rule: "crst", classes: { rarest: [], below: [1] }, chance: 1 });
  assertEquals([...new Set(patch.map((window) => window?.top))], [0]);
  assertEquals([...new Set(patch.map((window) => window?.left))].sort(), [20, 21, 22]);
});

Deno.test("rule mxnet: below 0.001 first, else the rarest, and only where a crop can be centred", () => {
  const small = { height: 6, width: 8 };
  // Class 2 lies in the corner, where no crop can be centred: the patch of class 1 takes its turn.
  const drawn = windows({ rule: "mxnet", classes: { rarest: [2, 1], below: [2] }, chance: 1 }, undefined, 200, small);
  assert(drawn.every((window) => window?.classId === 1));
  assertEquals([...new Set(drawn.map((window) => window?.top))].sort(), [2, 3]);
  assertEquals([...new Set(drawn.map((window) => window?.left))].sort(), [26, 27, 28]);
  const preferred = windows({ rule: "mxnet", classes: { rarest: [1], below: [0] }, chance: 1 }, undefined, 50, small);
  assert(preferred.every((window) => window?.classId === 0));
  const whole = windows({ rule: "mxnet", classes: { rarest: [0, 1, 2], below: [] } }, undefined, 50, {
    height: 40,
    width: 60,
  });
  assert(whole.every((window) => window === null), "a crop as large as the image has no centre to choose");
});

Deno.test("without a rare class in the image, and at chance 0, the crop is a plain one", () => {
  assert(windows({ rule: "reference", classes: { rarest: [4], below: [] } }).every((window) => window === null));
  assert(
    windows({ rule: "reference", classes: { rarest: [1], below: [1] }, chance: 0 }).every((window) => window === null),
  );
  assertEquals(minedDomains("crst"), ["target"]);
  assertEquals(minedDomains("reference"), ["source", "target"]);
});

Deno.test("planSample() mines at the same scale and mirror as the plain crop would have", () => {
  const options = { crop: CROP };
  const mining: MiningPlan = { rule: "reference", classes: { rarest: [2], below: [] }, chance: 1 };
  for (let step = 0; step < 20; step++) {
    const place = { seed: 9, stage: "round 1", step, index: 0 };
    const plain = planSample({ height: 40, width: 60 }, place, options);
    const mined = planSample({ height: 40, width: 60 }, place, options, { labels: labels(), mining });
    const { scaledHeight, scaledWidth, mirror } = plain;
    assertEquals({ ...mined, top: plain.top, left: plain.left, minedClass: null }, plain);
    const map = resizeLabels(labels().labels, 40, 60, scaledHeight, scaledWidth);
    assertEquals(mined.minedClass, map.includes(2) ? 2 : null);
    assertEquals(mined.mirror, mirror);
  }
});
