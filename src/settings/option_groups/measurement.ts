/**
 * What is measured, and how.
 *
 * @module
 */

import { models } from "../../nn/models/mod.ts";
import type { OptionShape } from "../option_shape.ts";

/** The options of this group. */
// deno-fmt-ignore
export const measurementOptions = [
  { key: "runs", group: "measurement", kind: "integer", default: 5, minimum: 1, commands: ["bench"],
    help: "how often each engine is timed, after a warm-up" },
  { key: "against", group: "measurement", kind: "text", commands: ["bench"],
    help: "other engines to time beside this one, with commas between: tfjs, jax, ort, pytorch" },
  { key: "network", group: "measurement", kind: "text", choices: models.map(({ name }) => name), commands: ["bench"],
    help: "network to time with bench step; without it, the reference workload" },
  { key: "label-size", group: "measurement", kind: "size", commands: ["bench"],
    help: "bench step --network: height x width in pixels of an image to label, at scales 0.9, 1, 1.2 and mirrored" },
  { key: "minutes", group: "measurement", kind: "number", default: 10, minimum: 0, commands: ["tune"],
    help: "minutes after which the tuning stops; what was found is kept" },
  { key: "reference", group: "measurement", kind: "flag", commands: ["tune"],
    help: "tune the network of bench step instead: batch 2 of 256x512 pixels, 19 classes" },
  { key: "only", group: "measurement", kind: "text", commands: ["bench"],
    help: "check and time one kernel: an op such as conv2dInputGrad, or a row of bench kernels" },
] as const satisfies readonly OptionShape[];
