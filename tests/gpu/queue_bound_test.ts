import { assertEquals } from "@std/assert";
import { QueueBound } from "../../src/gpu/queue_bound.ts";

Deno.test("a queue is waited for after eight pieces of work or its bytes, whichever comes first, and then counted anew", () => {
  const waits = (queue: QueueBound, works: readonly (readonly [bytes: number, pieces?: number])[]) =>
    works.map(([bytes, pieces]) => queue.add(bytes, pieces));
  const eight = [...new Array<boolean>(7).fill(false), true];
  const small = new Array<[number]>(16).fill([1]);
  assertEquals(waits(new QueueBound(), small), [...eight, ...eight]);
  assertEquals(waits(new QueueBound(), [[1, 6], [1, 6], [1, 6], [1, 1], [1, 1]]), [false, true, false, false, true]);
  assertEquals(waits(new QueueBound(100), [[60], [39], [1], [99], [100]]), [false, false, true, false, true]);
});
