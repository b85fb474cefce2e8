import { assertEquals } from "@std/assert";
import { QueueBound } from "../../src/gpu/queue_bound.ts";

Deno.test("a queue is waited for after eight pieces of work or its bytes, whichever comes first, and then counted anew", () => {
  const waits = (queue: QueueBound, works: readonly (readonly [bytes: number, pieces?: number])[]) =>
    works.map(([bytes, pieces]) => queue.add(bytes, pieces));
  let time = 0;
  const slow = () => time += 250;
  const eight = [...new Array<boolean>(7).fill(false), true];
  const small = new Array<[number]>(16).fill([1]);
  assertEquals(waits(new QueueBound(2 ** 20, slow), small), [...eight, ...eight]);
  assertEquals(waits(new QueueBound(2 ** 20, slow), [[1, 6], [1, 6], [1, 6], [1, 1], [1, 1]]), [
    false,
    true,
    false,
    false,
    true,
  ]);
  assertEquals(waits(new QueueBound(100, slow), [[60], [39], [1], [99], [100]]), [false, false, true, false, true]);
});

Deno.test("pieces that are done fast are waited for less often, up to 64 at a time", () => {
  let time = 0;
  const queue = new QueueBound(2 ** 20, () => time);
  const untilWait = (milliseconds: number) => {
    time += milliseconds;
    let pieces = 1;
    while (!queue.add(1)) pieces++;
    return pieces;
  };
  assertEquals([100, 249, 250, 1000, 0, 0, 0].map(untilWait), [8, 16, 32, 32, 32, 64, 64]);
});
