import { assertEquals } from "@std/assert";
import { addCounts, countsOf, noLabels } from "../../src/selftraining/label_counts.ts";
import { rankedLists, thresholdsAtRanks, thresholdsReport } from "../../src/selftraining/thresholds.ts";

Deno.test("thresholds.json keeps its keys, their order and its bytes; kernels get float32 values", () => {
  const settings = { policy: "cbst", rule: "crst", portion: 0.5, stride: 2 } as const;
  const sampled = [4, 1, 0];
  const values = [Math.fround(0.7), 0, 0];
  const thresholds = thresholdsAtRanks(settings, true, [8, 1, 0], sampled, rankedLists(sampled, settings), values);
  assertEquals(thresholds.lambda, Float32Array.of(0.7, 1, 1));
  const counts = Object.freeze({ labelled: Object.freeze([4, 1, 0]), ignored: 4 });
  assertEquals(
    JSON.stringify(thresholdsReport(Object.freeze(thresholds), counts)),
    '{"policy":"cbst","rule":"crst","portion":0.5,"stride":2,"prior":true,"n_pixels":[8,1,0],"n_sampled":[4,1,0],' +
      '"list_len":[4,1,0],"rank":[2,0,0],"index":[1,null,null],"lambda_raw":[0.699999988,0,0],' +
      '"lambda":[0.699999988,1,1],"lambda_hex":["0x3f333333","0x3f800000","0x3f800000"],' +
      '"k":[0.35667496096863105,0,0],"labelled":[4,1,0],"ignored":4,' +
      '"mine":{"size":[8,1,0],"rarest":[2,1,0],"below":[2]}}',
  );
});

Deno.test("counts of batches add up to a new value, and leave what is added as it was", () => {
  const first = countsOf(new Uint8Array(Uint32Array.of(3, 0, 5, 77).buffer), 3, 10);
  assertEquals(first, { labelled: [3, 0, 5], ignored: 2 });
  const second = Object.freeze({ labelled: Object.freeze([1, 2, 0]), ignored: 0 });
  assertEquals(addCounts(addCounts(noLabels(3), first), second), { labelled: [4, 2, 5], ignored: 2 });
  assertEquals(first, { labelled: [3, 0, 5], ignored: 2 });
});
