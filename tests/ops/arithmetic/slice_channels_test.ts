import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { sliceChannels } from "../../../src/ops/arithmetic/slice_channels.ts";
import { sliceChannels as twin } from "../../twins/concat.ts";
import { checkOp } from "../harness.ts";

for (const [from, count] of [[0, 4], [4, 4], [0, 3], [1, 4], [2, 5], [3, 8], [7, 4], [10, 1], [0, 11]] as const) {
  Deno.test(`sliceChannels() takes ${count} of 11 channels from number ${from}`, async () => {
    const shape = [2, 11, 3, 2];
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => sliceChannels(x, { from, count }),
      twin: ({ x }) => twin(x, shape, { from, count }),
    });
  });
}

Deno.test("sliceChannels() refuses channels that are not there", () => {
  const x = input("x", [1, 5, 2, 2]);
  assertThrows(() => sliceChannels(x, { from: 3, count: 3 }), RangeError, "has no 3 channels from number 3");
});
