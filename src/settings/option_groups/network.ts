/**
 * The network: which one, its weights, its variant.
 *
 * @module
 */

import { models } from "../../nn/models/mod.ts";
import { adapting, networks, type OptionShape, training } from "../option_shape.ts";

/** The options of this group. */
// deno-fmt-ignore
export const networkOptions = [
  { key: "weights", group: "network", kind: "path", commands: networks,
    differs: { evaluate: { help: "weight file of the network" }, predict: { help: "weight file of the network" } },
    help: "weight file to start the backbone from; without it, random weights" },
  { key: "source-model", group: "network", kind: "path", commands: adapting,
    help: "weight file of a trained source network; self-training starts at once" },
  { key: "classes", group: "network", kind: "integer", default: 19, minimum: 1, maximum: 255, commands: ["tune"],
    help: "number of classes of the network" },
  { key: "model", group: "network", kind: "text", default: "deeplab-mobilenet", choices: models.map(({ name }) => name),
    commands: [...training, "tune"],
    help: "network" },
] as const satisfies readonly OptionShape[];
