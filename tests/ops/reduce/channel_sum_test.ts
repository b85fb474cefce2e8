import { channelSum } from "../../../src/ops/reduce/channel_sum.ts";
import { channelSum as twin } from "../../twins/channel_sum.ts";
import { checkOp } from "../harness.ts";

for (const shape of [[1, 5, 33, 31], [2, 300, 9, 9], [2, 19, 13, 17], [1, 8, 1, 31], [1, 3, 1, 1]]) {
  Deno.test(`channelSum() matches its definition on [${shape}]`, async () => {
    await checkOp({ inputs: { x: { shape } }, op: ({ x }) => channelSum(x), twin: ({ x }) => twin(x, shape) });
  });
}
