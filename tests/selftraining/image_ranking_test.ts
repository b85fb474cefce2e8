import { assert, assertEquals } from "@std/assert";
import { chooseImages } from "../../src/selftraining/image_ranking.ts";

/** The worth of a choice, from its definition. */
function worth(counts: readonly (readonly number[])[], chosen: readonly number[]): number {
  const classes = counts[0]?.length ?? 0;
  let sum = 0;
  for (let id = 0; id < classes; id++) {
    const total = counts.reduce((all, image) => all + (image[id] ?? 0), 0);
    const held = chosen.reduce((all, place) => all + (counts[place]?.[id] ?? 0), 0);
    if (total > 0) sum += Math.sqrt(held / total);
  }
  return sum;
}

/** All sets of `size` of the numbers below `count`. */
function* subsets(count: number, size: number, first = 0): Generator<number[]> {
  if (size === 0) return yield [];
  for (let place = first; place <= count - size; place++) {
    for (const rest of subsets(count, size - 1, place + 1)) yield [place, ...rest];
  }
}

Deno.test("a choice holds each class, the rare ones first of all", () => {
  // Three images of road, two of which hold a little of something rare.
  const counts = [[1000, 0, 0], [900, 5, 0], [900, 0, 1], [1000, 0, 0]];
  assertEquals(chooseImages(counts, 2), [1, 2]);
  assertEquals(chooseImages(counts, 4).slice(0, 2), [1, 2]);
  assertEquals(chooseImages(counts, 9).toSorted(), [0, 1, 2, 3]);
  // Of equal ones the first; images without labels come last.
  assertEquals(chooseImages([[0, 0], [3, 1], [3, 1]], 3), [1, 2, 0]);
  assertEquals(chooseImages([], 3), []);
});

Deno.test("a choice is never worse than 1 − 1/e of the best one, and its beginning is the choice of fewer", () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let round = 0; round < 20; round++) {
    const counts = Array.from({ length: 8 }, () => Array.from({ length: 4 }, () => random(3) === 0 ? random(100) : 0));
    const chosen = chooseImages(counts, 3);
    const best = Math.max(...[...subsets(8, 3)].map((set) => worth(counts, set)));
    assert(worth(counts, chosen) >= (1 - 1 / Math.E) * best - 1e-12, `${worth(counts, chosen)} of ${best}`);
    assertEquals(chooseImages(counts, 2), chosen.slice(0, 2));
    // Each image adds more than any other would have.
    for (const other of counts.keys()) {
      assert(worth(counts, [chosen[0] ?? 0]) >= worth(counts, [other]) - 1e-12);
    }
  }
});
