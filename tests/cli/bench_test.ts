import { assertEquals, assertStringIncludes } from "@std/assert";
import { crosswalk } from "./program.ts";

Deno.test("bench answers an unknown part, engine or number of runs by a sentence and exit code 2", async () => {
  const cases: [string[], string][] = [
    [["stepp"], 'There is no part "stepp" of bench. Did you mean "step"?'],
    [["step", "--against", "tfjs,torch"], '--against names "torch", expected some of tfjs, jax, ort'],
    [["step", "--runs", "0"], '--runs is "0", expected at least 1'],
    [["step", "select"], 'does not take "select" here'],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await crosswalk("bench", ...args);
    assertStringIncludes(stderr, sentence);
    assertEquals([code, stdout], [2, ""], args.join(" "));
  }
});
