import { globalAveragePool } from "../../../src/ops/pool/global_average_pool.ts";
import { globalAveragePool as twin } from "../../twins/pool.ts";
import { checkOp } from "../harness.ts";

for (const shape of [[3, 6, 5, 7], [2, 4, 1, 1], [1, 8, 67, 61]]) {
  Deno.test(`globalAveragePool() matches its definition and its gradient on [${shape.join(", ")}]`, async () => {
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => globalAveragePool(x),
      twin: ({ x }) => twin(x, shape),
      gradientOf: ["x"],
    });
  });
}
