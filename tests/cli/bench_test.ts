import { assertEquals, assertStringIncludes } from "@std/assert";
import { crosswalk } from "./program.ts";

Deno.test("bench answers unknown words and options that would do nothing by a sentence and exit code 2", async () => {
  const cases: [string[], string][] = [
    [["stepp"], 'There is no part "stepp" of bench. Did you mean "step"?'],
    [["step", "--against", "tfjs,torch"], '--against names "torch", expected some of tfjs, jax, ort, pytorch'],
    [["step", "--runs", "0"], '--runs is "0", expected at least 1'],
    [["step", "select"], 'does not take "select" here'],
    [["kernels", "--plot", "roofline.png"], '--plot is "roofline.png", expected a file that ends in .svg'],
    [
      ["memory", "--plot", "memory.svg"],
      "bench memory draws nothing: --plot goes with bench, bench kernels and bench growth",
    ],
    [["growth", "--against", "tfjs"], "bench growth runs no other engines"],
    [["overhead", "--against", "tfjs"], "bench overhead runs no other engines"],
    [["select", "--against", "tfjs"], "bench select runs no other engines"],
    [["memory", "--against", "tfjs,jax"], "bench memory runs no other engine than tfjs: leave out --against jax"],
    [["kernels", "--only", "maxPool"], 'There is no kernel "maxPool".\n  Ops:\n    activation\n'],
    [["step", "--only", "conv2d"], "--only chooses among the kernels of bench kernels"],
    [["step", "--submit"], '--submit chooses its parts itself. Leave out "step"'],
    [["--submit", "--json"], "--submit prints its block and nothing else. Leave out --json"],
    [["--submit", "--plot", "roofline.svg"], "Leave out --plot"],
    [["--submit", "--against", "jax"], "Leave out --against"],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await crosswalk("bench", ...args);
    assertStringIncludes(stderr, sentence);
    assertEquals([code, stdout], [2, ""], args.join(" "));
  }
});

Deno.test("bench --help tells of pictures, growth and the block for reports", async () => {
  const { code, stdout } = await crosswalk("bench", "--help");
  assertEquals(code, 0);
  for (const text of ["--plot PATH", "--submit", "bench growth --plot growth.svg"]) assertStringIncludes(stdout, text);
});

Deno.test("bench kernels --only checks one kernel against PyTorch and times its rows, and nothing else", async () => {
  const { code, stdout, stderr } = await crosswalk(
    "bench",
    "kernels",
    "--only",
    "softmaxGrad",
    "--runs",
    "1",
    "--json",
  );
  assertEquals(code, 0, stderr);
  const { checks, kernels } = JSON.parse(stdout);
  // All cases that compute the op: the dice loss starts from probabilities.
  assertEquals(
    checks.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok]),
    [["softmax", true], ["dice", true]],
  );
  const rows = kernels.map(({ kernel, direction }: { kernel: string; direction: string }) => [kernel, direction]);
  assertEquals(rows, [["softmax 19 at 64×128, batch 2", "dx"]]);
});
