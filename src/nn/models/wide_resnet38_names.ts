/**
 * The names of ResNet-38's parameters in MXNet's files: CBST's, and the ImageNet backbone that it starts from.
 *
 * @module
 */

import type { OriginalNames } from "../original_names.ts";

/** What MXNet calls the parts of a layer. Running statistics are `aux:`, everything else is `arg:`. */
const parts: Readonly<Record<string, string>> = {
  weight: "arg:*_weight",
  bias: "arg:*_bias",
  "bn.gamma": "arg:*_gamma",
  "bn.beta": "arg:*_beta",
  "bn.mean": "aux:*_moving_mean",
  "bn.var": "aux:*_moving_var",
};

/** The files of networks with a head, whose last layer is named by its classes, and of the backbone alone. */
export const wideResnet38Names: readonly OriginalNames[] = [
  {
    family: "CBST",
    source: "github.com/yzou2/CBST, 24439a5, util/symbol/resnet_v2.py and symbol.py",
    original: (ours, { classes }) => ({ name: mxnetName(ours.replace(/^linear\./, `linear${classes}.`)) }),
  },
  {
    family: "ademxapp (ImageNet)",
    source: "github.com/itijyou/ademxapp, 0901990, util/symbol/resnet_v2.py",
    original: (ours) => /^(conv6a|linear)\./.test(ours) ? null : { name: mxnetName(ours) },
  },
];

/** `res2b1.branch2a.weight` is `arg:res2b1_branch2a_weight`; the batch norm before it is `bn2b1_branch2a`. */
function mxnetName(ours: string): string {
  const [, layer = "", part = ""] = /^(.*?)\.((?:bn\.)?[a-z]+)$/.exec(ours) ?? [];
  const own = part.startsWith("bn.") ? layer.replace(/^res/, "bn") : layer;
  return (parts[part] ?? "*").replace("*", own.replaceAll(".", "_"));
}
