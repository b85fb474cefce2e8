import { assertEquals, assertThrows } from "@std/assert";
import { type DeviceTraits, input, type Tensor } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import type { Epilogue } from "../../../src/ops/conv/epilogue.ts";
import { convolutionGeometry } from "../../../src/ops/conv/geometry.ts";
import { batchNorm } from "../../../src/ops/norm/batch_norm.ts";
import { foldBatchNorm } from "../../../src/ops/norm/fold_batch_norm.ts";
import type { Activation } from "../../../src/ops/activation/kind.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { activate } from "../../twins/activation.ts";
import { conv2d as twin } from "../../twins/conv2d.ts";
import { assertClose, checkOp, randomValues, runGraph, size } from "../harness.ts";

/** A form of the convolution. `method` is given if, for so small an image, the rules would choose another form. */
interface Form {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly method?: "winograd" | "winograd 2×2";
}

const forms: Form[] = [
  { name: "the direct form", inputs: 6, outputs: 18, kernel: 3 },
  { name: "few inputs", inputs: 3, outputs: 18, kernel: 3 },
  { name: "few outputs", inputs: 66, outputs: 7, kernel: 3 },
  { name: "Winograd F(4×4, 3×3)", inputs: 36, outputs: 34, kernel: 3, method: "winograd" },
  { name: "Winograd F(2×2, 3×3)", inputs: 36, outputs: 34, kernel: 3, method: "winograd 2×2" },
  { name: "a product", inputs: 20, outputs: 24, kernel: 1 },
  { name: "sums in two parts", inputs: 60, outputs: 36, kernel: 3 },
  { name: "sums in nine parts", inputs: 260, outputs: 24, kernel: 3 },
];

for (const form of forms) {
  for (const software of [true, false]) {
    testEpilogues(form, { software, ...form.method === undefined ? {} : { schedule: { method: form.method } } });
  }
}

function testEpilogues({ name, inputs, outputs, kernel }: Form, traits: DeviceTraits): void {
  const form = `${name}, ${traits.software ? "software adapters" : "GPUs"}`;
  const [shape, weight] = [[2, inputs, 7, 9], [outputs, inputs, kernel, kernel]];
  const options = { padding: (kernel - 1) / 2 };
  const result = [2, outputs, 7, 9];
  const sizes = { ...convolutionGeometry(shape, [kernel, kernel], options), input: shape, weight };
  const tensors = {
    x: { shape },
    w: { shape: weight, layout: "convolution" as const },
    b: { shape: [outputs], layout: "channels" as const },
    r: { shape: result },
  };
  const channelOf = (index: number) => Math.floor(index / 63) % outputs;

  Deno.test(`conv2d() activates the sum with bias and residual in its epilogue, with gradients: ${form}`, async () => {
    await checkOp({
      inputs: tensors,
      op: ({ x, w, b, r }) => conv2d(x, w, { ...options, epilogue: { bias: b, residual: r, activation: "relu" } }),
      twin: ({ x, w, b, r }) =>
        twin(x, w, sizes).map((value, index) => activate(value + (b[channelOf(index)] ?? 0) + (r[index] ?? 0), "relu")),
      gradientOf: ["x", "w", "b", "r"],
      traits,
    });
  });

  Deno.test(`conv2d() rounds as if bias and residual were added afterwards: ${form}`, async () => {
    const build = ({ x, w, b, r }: Record<keyof typeof tensors, Tensor>) => ({
      plain: conv2d(x, w, options),
      biased: conv2d(x, w, { ...options, epilogue: { bias: b } }),
      both: conv2d(x, w, { ...options, epilogue: { bias: b, residual: r } }),
      summed: conv2d(x, w, { ...options, epilogue: { residual: r } }),
    });
    const { plain = new Float32Array(), biased, both, summed } = await runGraph(tensors, build, traits);
    const [bias, residual] = [randomValues(outputs, "b"), randomValues(size(result), "r")];
    const expected = plain.map((value, index) => value + (bias[channelOf(index)] ?? NaN));
    assertEquals(biased, expected);
    assertEquals(both, expected.map((value, index) => value + (residual[index] ?? NaN)));
    assertEquals(summed, plain.map((value, index) => value + (residual[index] ?? NaN)));
  });

  for (const hasResidual of [false, true]) {
    const what = hasResidual ? "scale, shift, residual and activation" : "scale, shift and activation";
    Deno.test(`conv2d() applies ${what} of its epilogue: ${form}`, async () => {
      await checkOp<keyof typeof tensors | "scaleAndShift">({
        inputs: { ...tensors, scaleAndShift: { shape: [2, outputs], layout: "channels" } },
        op: ({ x, w, scaleAndShift, r }) =>
          conv2d(x, w, {
            ...options,
            epilogue: { scaleAndShift, activation: "relu", residual: hasResidual ? r : undefined },
          }),
        twin: ({ x, w, scaleAndShift, r }) =>
          twin(x, w, sizes).map((value, index) => {
            const channel = channelOf(index);
            const scaled = value * (scaleAndShift[channel] ?? 0) + (scaleAndShift[outputs + channel] ?? 0);
            return activate(scaled + (hasResidual ? r[index] ?? 0 : 0), "relu");
          }),
        // The gradients take other forms, which are tested with a bias.
        gradientOf: inputs !== 6 ? [] : hasResidual ? ["x", "w", "r"] : ["x", "w"],
        traits,
      });
    });
  }
}

Deno.test("conv2d() takes the method that its epilogues are tested with", () => {
  for (const { inputs, outputs, kernel, method } of forms) {
    if (method === undefined) continue;
    const w = input("w", [outputs, inputs, kernel, kernel], { layout: "convolution" });
    const y = conv2d(input("x", [2, inputs, 7, 9]), w, { padding: 1 });
    for (const software of [true, false]) {
      const calls = y.definition.kernels?.(y, { software, schedule: { method } }).calls;
      assertEquals(calls?.at(-1)?.shader.name, "winograd/winograd_output");
    }
  }
});

Deno.test("conv2d() names the layer and the shapes when the residual of its epilogue has another", () => {
  const scaleAndShift = input("scaleAndShift", [2, 8], { layout: "channels" });
  assertThrows(
    () =>
      conv2d(input("x", [1, 4, 6, 6]), input("w", [8, 4, 3, 3], { layout: "convolution" }), {
        epilogue: { scaleAndShift, activation: "relu", residual: input("residual", [1, 8, 6, 6]) },
      }),
    RangeError,
    "(conv2d): the residual (input) [1, 8, 6, 6] is not [1, 8, 4, 4] of activations",
  );
});

Deno.test("conv2d() names the layer and the shapes when the bias, or scale and shift, are not for its channels", () => {
  const convolution = (epilogue: Epilogue) =>
    conv2d(input("x", [1, 4, 6, 6]), input("w", [8, 4, 3, 3], { layout: "convolution" }), { epilogue });
  assertThrows(
    () => convolution({ bias: input("bias", [2, 8], { layout: "channels" }) }),
    RangeError,
    "(conv2d): the bias (input) [2, 8] is not [8] of channels",
  );
  assertThrows(
    () => convolution({ scaleAndShift: input("norm", [2, 8]), activation: "none" }),
    RangeError,
    "(conv2d): the scale and shift (input) [2, 8] is not [2, 8] of channels",
  );
});

Deno.test("conv2d() has the gradients of the convolution and the batch norm by themselves", async () => {
  const channels = (
    values?: readonly number[],
  ) => ({ shape: [5], layout: "channels", ...values && { values } } as const);
  const image = { shape: [2, 5, 7, 5] };
  const inputs = {
    x: { shape: [2, 3, 7, 5] },
    w: { shape: [5, 3, 3, 3], layout: "convolution" as const },
    ...{ r: image, dy: image, gamma: channels(), beta: channels(), mean: channels() },
    variance: channels([0.5, 1, 1.5, 2, 0.25]),
  };
  for (const activation of ["none", { leakyRelu: 0.1 }] as const) {
    const results = await runGraph(inputs, ({ x, w, r, dy, ...norm }) => {
      const folded = conv2d(x, w, {
        padding: 1,
        epilogue: { scaleAndShift: foldBatchNorm(norm), activation, residual: r },
      });
      const apart = batchNorm(conv2d(x, w, { padding: 1 }), norm, { activation, residual: r });
      const named = (y: Tensor, what: string) =>
        gradients(y, [x, w, r], dy).map((gradient, index) => [`${what} ${index}`, gradient] as const);
      return Object.fromEntries([...named(folded, "folded"), ...named(apart, "apart")]);
    }, { software: true });
    for (const index of [0, 1, 2]) {
      const [folded, apart] = [results[`folded ${index}`], results[`apart ${index}`]];
      assertClose(
        folded ?? new Float32Array(),
        apart ?? [],
        1e-5,
        `gradient ${index} with ${JSON.stringify(activation)}`,
      );
    }
  }
});

Deno.test("conv2d() gives scale and shift no gradient, nor anything where the result does not tell its side", () => {
  const x = input("x", [1, 4, 6, 6]);
  const scaleAndShift = input("scaleAndShift", [2, 8], { layout: "channels" });
  const of = (activation: Activation) =>
    conv2d(x, input("w", [8, 4, 3, 3], { layout: "convolution" }), { epilogue: { scaleAndShift, activation } });
  const y = of("relu");
  assertThrows(() => gradients(y, [scaleAndShift], input("dy", y.shape)), Error, "does not depend on");
  const unclear = of({ leakyRelu: -0.5 });
  assertThrows(() => gradients(unclear, [x], input("dy", y.shape)), Error, "[1, 8, 4, 4]: the op has no gradient");
});
