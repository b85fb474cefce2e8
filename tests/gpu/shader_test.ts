import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { bindingKinds, specialize } from "../../src/gpu/shader.ts";
import { library } from "../../src/gpu/shader_library.ts";

const expand = (text: string, constants: Record<string, number | boolean> = {}) =>
  specialize({ name: "test/kernel", text }, constants);

/** The words of a text, with one space between them. */
const words = (text: string) => text.trim().split(/\s+/).join(" ");

Deno.test("specialize() inserts includes at their place", () => {
  const text = expand("// head\n#include lib/grid.wgsl\nconst A: u32 = 1u;\n");
  assertStringIncludes(text, "// head\n// The index of an invocation");
  assertStringIncludes(text, `${library["lib/grid.wgsl"]?.trimEnd()}\nconst A: u32 = 1u;`);
});

Deno.test("specialize() inserts the includes of an include", () => {
  assertStringIncludes(expand("#include lib/left_patches.wgsl", { STRIDE: 2 }), "const STRIDE: u32 = 2u;");
});

Deno.test("specialize() names an include that does not exist, and the shader", () => {
  assertThrows(
    () => expand("#include lib/nothing.wgsl"),
    Error,
    'Cannot expand test/kernel: there is no include "lib/nothing.wgsl"',
  );
});

Deno.test("specialize() sets constants of each type, those of includes too, and keeps the others", () => {
  const text =
    "const A: u32 = 1u;\nconst B: i32 = 1i;\nconst C: f32 = 1.0f;\nconst D: bool = true;\nconst E: u32 = 7u;";
  assertEquals(
    expand(text, { A: 4_294_967_295, B: -3, C: 0.1, D: false }),
    "const A: u32 = 4294967295u;\nconst B: i32 = -3i;\nconst C: f32 = 0.10000000149011612f;\n" +
      "const D: bool = false;\nconst E: u32 = 7u;",
  );
  assertEquals(expand("const C: f32 = 1.0f;", { C: 2 }), "const C: f32 = 2.0f;");
  assertEquals(expand("const C: f32 = 1.0f;", { C: 1e-30 }), "const C: f32 = 1.0000000031710769e-30f;");
  assertStringIncludes(expand("#include lib/convolution_geometry.wgsl", { STRIDE: 2 }), "const STRIDE: u32 = 2u;");
});

Deno.test("specialize() refuses constants that are not declared or that their type cannot hold", () => {
  const text = "const A: u32 = 1u;\nconst C: f32 = 1.0f;";
  assertThrows(() => expand(text, { A: 1, X: 2, Y: 3 }), Error, "test/kernel: it declares no constant X, Y");
  assertThrows(() => expand(text, { A: 1.5 }), Error, "Cannot write 1.5 as a WGSL u32");
  assertThrows(() => expand(text, { C: Infinity }), Error, "Cannot write Infinity");
});

Deno.test("specialize() leaves derived constants and locals alone", () => {
  const text = "const A: u32 = 1u;\nconst B = A * 2u;\n  const C: u32 = 3u;";
  assertEquals(expand(text, { A: 5 }), text.replace("1u", "5u"));
});

Deno.test("specialize() repeats an #unroll with its variable", () => {
  assertEquals(words(expand("#unroll i in 0..3 { let a$i = x[$i]; }")), "let a0 = x[0]; let a1 = x[1]; let a2 = x[2];");
  assertEquals(words(expand("#unroll i in 2..4 { $i }")), "2 3");
  assertEquals(words(expand("before #unroll i in 0..0 { $i } after")), "before after");
});

Deno.test("specialize() unrolls to the value of a constant, as the host set it", () => {
  const text = "const COUNT: u32 = 1u;\n#unroll i in 0..COUNT { $i }";
  assertEquals(words(expand(text, { COUNT: 4 })), "const COUNT: u32 = 4u; 0 1 2 3");
  assertEquals(words(expand("const N: u32 = 6u;\n#unroll i in 1..N / 2 + 1 { $i }")), "const N: u32 = 6u; 1 2 3");
});

Deno.test("specialize() unrolls nested blocks and several in a row", () => {
  const nested = "#unroll p in 0..2 { a$p #unroll j in 0..2 { sum$p_$j; } } #unroll q in 0..2 { b$q }";
  assertEquals(words(expand(nested)), "a0 sum0_0; sum0_1; a1 sum1_0; sum1_1; b0 b1");
  const braces = "#unroll p in 0..2 { if (x) { y[$p] = 1; } }";
  assertEquals(words(expand(braces)), "if (x) { y[0] = 1; } if (x) { y[1] = 1; }");
  const bounds = "#unroll p in 0..3 { #unroll j in 0..p { $p_$j } }";
  assertEquals(words(expand(bounds)), "1_0 2_0 2_1");
});

Deno.test("specialize() computes $(…) of variables and constants with the usual precedence", () => {
  const text = "const N: u32 = 3u;\n#unroll i in 0..2 { #unroll k in 0..2 { $(i * 4 + k * N - 1 + 7 / 2) } }";
  assertEquals(words(expand(text)), "const N: u32 = 3u; 2 5 6 9");
  assertEquals(words(expand("#unroll i in 3..4 { $(10 - i - 2) }")), "5");
});

Deno.test("specialize() does not confuse variables whose names begin alike", () => {
  assertEquals(words(expand("#unroll i in 0..1 { #unroll index in 5..6 { $i $index } }")), "0 5");
});

Deno.test("specialize() says what is wrong with an #unroll", () => {
  assertThrows(
    () => expand("#unroll i in 0..2 { a"),
    Error,
    "Cannot expand test/kernel: an #unroll block is not closed",
  );
  assertThrows(() => expand("#unroll i in 0..COUNT { a }"), Error, 'Cannot evaluate "COUNT": COUNT is not known');
});

Deno.test("bindingKinds() reads the bindings in order of their numbers", () => {
  const text = `
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(2) var<uniform> settings: vec4f;`;
  assertEquals(bindingKinds(text, "test"), ["read-only-storage", "storage", "uniform"]);
});

Deno.test("bindingKinds() refuses gaps and shaders without bindings", () => {
  const gap = "@group(0) @binding(0) var<storage, read> x: f32;\n@group(0) @binding(2) var<storage, read> y: f32;";
  assertThrows(
    () => bindingKinds(gap, "test/gap"),
    Error,
    "Cannot use test/gap: its bindings are not numbered 0, 1, 2",
  );
  assertThrows(() => bindingKinds("fn main() {}", "test/none"), Error, "Cannot use test/none");
});
