import { assert } from "@std/assert";
import assignLabels from "../../shaders/selftraining/assign_labels.wgsl" with { type: "text" };
import assignSoftLabels from "../../shaders/selftraining/assign_soft_labels.wgsl" with { type: "text" };
import channelsLast from "../../shaders/selftraining/channels_last.wgsl" with { type: "text" };
import classProbabilities from "../../shaders/selftraining/class_probabilities.wgsl" with { type: "text" };
import topScore from "../../shaders/selftraining/top_score.wgsl" with { type: "text" };
import { specialize } from "../../src/gpu/shader.ts";
import { maxIterations, nestedIterations } from "../../src/graph/iterations.ts";
import { paddedChannels } from "../../src/graph/layout.ts";
import { input } from "../../src/graph/tensor.ts";
import { crossEntropyCall } from "../../src/ops/loss/cross_entropy_call.ts";
import { pixelsPerInvocation, scoreIncludes } from "../../src/selftraining/scores.ts";

const softLabels = { ASSIGN: "assign_soft_labels" };
/** A name for the test, the kernel's text, its includes for few or many classes, and its other includes. */
const kernels = [
  ["assign_labels", assignLabels, { ASSIGN: "assign_labels" }, { ZONES: "lib/every_pixel.wgsl" }],
  ["assign_soft_labels, every share", assignSoftLabels, softLabels, { SHARES: "lib/every_share.wgsl" }],
  ["assign_soft_labels, the largest", assignSoftLabels, softLabels, { SHARES: "lib/largest_shares.wgsl" }],
  ["channels_last", channelsLast, {}, {}],
  ["class_probabilities", classProbabilities, { WRITE: "write_scores" }, {}],
  ["top_score", topScore, {}, { ZONES: "lib/every_pixel.wgsl" }],
] as const;

for (const [name, text, files, others] of kernels) {
  Deno.test(`the text of ${name} does not grow with many classes: drivers would compile it for a minute`, () => {
    const length = (classes: number) => {
      const includes = { ...scoreIncludes({ classes }, files), ...others };
      const constants = { CLASSES: classes, CLASS_VECTORS: paddedChannels(classes) / 4 };
      return specialize({ name, text, includes }, constants).length;
    };
    assert(length(255) < length(65) + 100 && length(255) < 25_000, `${length(65)}, ${length(255)} characters`);
  });
}

Deno.test("the text of the cross-entropy does not grow with many classes either", () => {
  const length = (classes: number) => {
    const logits = input("logits", [1, classes, 2, 2]);
    const labels = input("labels", [1, 4, 4], { dtype: "u8", layout: "plain" });
    const region = { images: { first: 0, count: 1 }, rows: { first: 0, count: 4 } };
    const call = crossEntropyCall({ logits, labels }, {
      ...{ region, gradient: input("sums", [4]), rowsPerInvocation: 1, result: { scratch: 0 } },
    });
    return specialize(call.shader, call.constants).length;
  };
  assert(length(255) < length(65) + 100 && length(255) < 25_000, `${length(65)}, ${length(255)} characters`);
});

Deno.test("with many classes and views, invocations take fewer pixels, so that they loop no more than drivers allow", () => {
  const view = { offset: 0, height: 2, width: 2, mirror: false };
  for (const views of [1, 2, 6, 12]) {
    const batch = { views: new Array<typeof view>(views).fill(view) };
    const pixels = pixelsPerInvocation(batch, { classes: 255 }, { scorings: 1, perClass: 0 });
    assert(pixels % 4 === 0 && pixels >= 4);
    // One walk over the classes with all views for the result, and two for the softmax of each view.
    const perPixel = nestedIterations(64, views) + views * 2 * nestedIterations(64);
    assert(pixels * perPixel <= maxIterations, `${pixels} pixels of ${perPixel} iterations`);
  }
});
