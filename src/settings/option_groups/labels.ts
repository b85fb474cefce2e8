/**
 * How images are labelled and scored.
 *
 * @module
 */

import { adapting, networks, type OptionShape, training } from "../option_shape.ts";

/** The options of this group. */
// deno-fmt-ignore
export const labelsOptions = [
  { key: "format", group: "labels", kind: "text", default: "png", choices: ["png", "npy"], commands: ["select"],
    help: "kind of the label files" },
  { key: "scales", group: "labels", kind: "numbers", default: [1], minimum: 0.01, maximum: 100, commands: networks,
    help: "scales at which the network sees an image, with commas between; the results are averaged" },
  { key: "flip", group: "labels", kind: "flag", default: false, commands: networks,
    help: "let the network see the mirrored image too, and average" },
  { key: "average", group: "labels", kind: "text", default: "probabilities",
    choices: ["probabilities", "logits", "maximum"], commands: networks,
    help: "what is averaged over scales and mirrored images; maximum: nothing, the largest probability counts" },
  { key: "test-scales", group: "labels", kind: "numbers", minimum: 0.01, maximum: 100, commands: adapting,
    help: "scales for scores and pictures; without it, those of --scales, which then only hold for pseudo-labels" },
  { key: "test-flip", group: "labels", kind: "flag", commands: adapting,
    help: "mirrored images for scores and pictures; without it, as --flip" },
  { key: "test-average", group: "labels", kind: "text", choices: ["probabilities", "logits", "maximum"],
    commands: adapting,
    help: "what is averaged for scores and pictures; without it, as --average" },
  { key: "absent", group: "labels", kind: "text", default: "null", choices: ["null", "zero"],
    commands: [...training, "evaluate"],
    help: "score of a class that is neither in the labels nor predicted: none (null) or 0 (zero)" },
  { key: "post", group: "labels", kind: "text", default: "nearest", choices: ["nearest", "none", "knn"],
    commands: [...training, "evaluate", "predict"],
    help: "how points of a LiDAR scan that their pixel does not show get a label: of the pixel nearest in range " +
      "(nearest), of their own (none), by a vote of five (knn)" },
  { key: "label-batch", group: "labels", kind: "integer", words: ["auto"], default: "auto", earlier: 4, minimum: 1,
    commands: [...training, "evaluate", "rank-images"], freeOnResume: true,
    help: "images that are labelled or scored together; auto: four, or fewer large ones" },
] as const satisfies readonly OptionShape[];
