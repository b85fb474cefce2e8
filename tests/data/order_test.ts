import { assert, assertEquals, assertThrows } from "@std/assert";
import { batchIndices, BatchOrder, mixedItems, roundSubset } from "../../src/data/order.ts";

Deno.test("nested subsets are prefixes of each other, redrawn ones are not; both have different indices", () => {
  const nested = [1, 2, 3].map((round) => roundSubset(0, "source", round, 10 * round, 100, "nested"));
  assertEquals(nested[2]?.slice(0, 20), nested[1]);
  assertEquals(nested[1]?.slice(0, 10), nested[0]);
  const redrawn = [1, 2].map((round) => roundSubset(0, "source", round, 40, 100, "redrawn"));
  assertEquals(new Set(redrawn[0]).size, 40);
  assert(JSON.stringify(redrawn[0]) !== JSON.stringify(redrawn[1]));
  assert(JSON.stringify(redrawn[0]) !== JSON.stringify(roundSubset(0, "target", 1, 40, 100, "redrawn")));
  assertEquals(roundSubset(0, "target", 1, 240, 5, "redrawn").sort(), [0, 1, 2, 3, 4]);
  const repeated = roundSubset(0, "target", 1, 12, 5, "redrawn", true);
  assertEquals(repeated.slice(0, 5).sort(), [0, 1, 2, 3, 4]);
  assertEquals(repeated, [...repeated.slice(0, 5), ...repeated.slice(0, 5), ...repeated.slice(0, 2)]);
  assertEquals(roundSubset(0, "target", 1, 3, 5, "redrawn", true), repeated.slice(0, 3));
  assertEquals(roundSubset(0, "target", 1, 3, 0, "redrawn", true), []);
});

Deno.test("each epoch of a mixed round holds every image of both domains once, in an order of its own", () => {
  const items = mixedItems([4, 9, 2], [0, 1, 2, 3, 4]);
  assertEquals(items.length, 8);
  const order = new BatchOrder(items, 4, 7, "round 1");
  assertEquals(order.stepsPerEpoch, 2);
  const epoch = (number: number) =>
    [0, 1].flatMap((step) => order.batch(2 * number + step)).map((item) => `${item.domain} ${item.index}`);
  const all = items.map((item) => `${item.domain} ${item.index}`).sort();
  assertEquals(epoch(0).sort(), all);
  assertEquals(epoch(1).sort(), all);
  assert(epoch(0).join() !== epoch(1).join());
  assertEquals(new BatchOrder(items, 4, 7, "round 1").batch(3), order.batch(3));
});

Deno.test("batches go on across the end of an epoch, so that images come equally often", () => {
  const order = new BatchOrder([0, 1, 2, 3, 4, 5, 6], 4, 1, "source");
  assertEquals(order.stepsPerEpoch, 1);
  const counts = new Array<number>(7).fill(0);
  for (let step = 0; step < 7; step++) for (const item of order.batch(step)) counts[item] = (counts[item] ?? 0) + 1;
  assertEquals(counts, new Array(7).fill(4));
  // Any step can be had first, as after an interruption.
  assertEquals(new BatchOrder([0, 1, 2, 3, 4, 5, 6], 4, 1, "source").batch(5), order.batch(5));
});

Deno.test("where kinds are spread, every batch has the epoch's share of each, and every image still comes once", () => {
  for (const [sources, targets, batch] of [[8, 8, 4], [4, 12, 4], [3, 9, 8], [5, 5, 2]] as const) {
    const items = mixedItems([...Array(sources).keys()], [...Array(targets).keys()]);
    const order = new BatchOrder(items, batch, 3, "round 1", ({ domain }) => domain);
    const steps = 3 * items.length;
    const seen = Array.from({ length: steps }, (_, step) => order.batch(step));
    for (const found of seen) {
      assertEquals(found.filter(({ domain }) => domain === "source").length, batch * sources / items.length);
    }
    const drawn = seen.flat().map(({ domain, index }) => `${domain} ${index}`);
    const epochs = Array.from(
      { length: drawn.length / items.length },
      (_, epoch) => drawn.slice(epoch * items.length, (epoch + 1) * items.length),
    );
    const all = items.map(({ domain, index }) => `${domain} ${index}`).toSorted();
    for (const epoch of epochs) assertEquals(epoch.toSorted(), all);
    assertEquals(new Set(epochs.map(String)).size > 1, true);
    // Any step can be had first, as after an interruption.
    assertEquals(new BatchOrder(items, batch, 3, "round 1", ({ domain }) => domain).batch(5), order.batch(5));
  }
  // Shares that do not come out even differ by one image at most.
  const items = mixedItems([0, 1, 2], [0, 1, 2, 3]);
  const order = new BatchOrder(items, 2, 3, "round 1", ({ domain }) => domain);
  const counts = Array.from({ length: 7 }, (_, step) => order.batch(step).filter((i) => i.domain === "source").length);
  assertEquals([counts.reduce((a, b) => a + b), Math.max(...counts)], [6, 1]);
});

Deno.test("one image is enough for a batch, none is not", () => {
  const order = new BatchOrder(["only"], 4, 0, "source");
  assertEquals([order.stepsPerEpoch, order.batch(2)], [1, ["only", "only", "only", "only"]]);
  assertThrows(
    () => new BatchOrder([], 4, 0, "round 1"),
    RangeError,
    "Cannot draw batches for round 1: there is no image",
  );
});

Deno.test("the parts of the machines together are the batch", () => {
  const order = new BatchOrder([...Array(20).keys()], 6, 0, "source");
  const parts = [0, 1, 2].map((rank) => order.batch(4, { rank, size: 3 }));
  assertEquals(parts.flat(), order.batch(4));
  assertEquals(batchIndices(6, { rank: 2, size: 3 }), [4, 5]);
  assertThrows(() => order.batch(0, { rank: 0, size: 4 }), RangeError, "A batch of 6 cannot be shared by 4 machines");
});
