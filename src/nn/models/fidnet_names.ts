/**
 * The names of FIDNet's parameters in the files of its authors.
 *
 * @module
 */

import type { OriginalNames } from "../original_names.ts";

/** What PyTorch calls the parts of a batch norm. */
const normParts: Readonly<Record<string, string>> = {
  ...{ gamma: "weight", beta: "bias", mean: "running_mean", var: "running_var" },
};

/** The batch norms of the stem, in the order of its convolutions. */
const stemNorms: readonly string[] = ["bn_0", "bn", "bn_1", "bn_2"];

/** Channels of the networks in FIDNet's files, the plain network's first. The published network has 8; others are named by `inputs`. */
const inputCounts: readonly number[] = [6, 8, 5];

/** FIDNet's files, and those of the code that LaserMix was published with. */
export const fidnetNames: readonly OriginalNames[] = inputCounts.map((inputs, index) => ({
  family: index === 0 ? "FIDNet" : `FIDNet of ${inputs} channels`,
  source: "github.com/placeforyiming/IROS21-FIDNet-SemanticKITTI, 7f90b45, network/ResNet.py",
  ...(index === 0 ? {} : { variant: { inputs } }),
  original: (ours) => ({ name: fidnetName(ours) }),
  ignored: (name) => name.endsWith(".num_batches_tracked"),
}));

/**
 * `backend.conv1.bn.gamma` is `backend.bn_0.weight`, `backend.layer1.0.conv2.bn.gamma` is `backend.layer1.0.bn2.weight`.
 * A shortcut is a sequence: `….downsample.weight` is `….downsample.0.weight`, its batch norm `….downsample.1`.
 */
function fidnetName(ours: string): string {
  const [, layer = "", part = ""] = /^(.*)\.bn\.(gamma|beta|mean|var)$/.exec(ours) ?? [];
  const norm = normParts[part];
  if (norm === undefined) return ours.replace(/\.downsample\.weight$/, ".downsample.0.weight");
  if (layer.endsWith(".downsample")) return `${layer}.1.${norm}`;
  const [, number = ""] = /^backend\.conv(\d)$/.exec(layer) ?? [];
  const stem = stemNorms[Number(number) - 1];
  return stem === undefined ? `${layer.replace(/conv_?(\d)$/, "bn$1")}.${norm}` : `backend.${stem}.${norm}`;
}
