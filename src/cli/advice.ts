/**
 * What to do about an error or a warning of the library, in terms of the command line's options. The library itself
 * names no option.
 *
 * @module
 */

import { systemSentence } from "../disk/reasons.ts";
import { labelSetNames } from "../data/label_set_names.ts";
import process from "node:process";
import { errorText, InterruptedError, type Reason, ReasonedError } from "../errors.ts";
import { collapseText, type CollapseWarning } from "../selftraining/collapse.ts";
import { collapseRemedies, listed } from "../run/report/remedies.ts";
import { type Command, type OptionKey, optionsOf } from "../settings/options.ts";
import type { Settings } from "../settings/settings.ts";

const planAdvice = "--plan shows what takes how much";

/**
 * Advice if inference takes too much memory. In a training run, the training step stays in memory meanwhile, so its
 * options help too.
 */
function inferenceAdvice({ names }: TakenOptions): string {
  return `Lower ${
    names("label-batch", "size", "short-side")
  }, or give fewer --scales; the training step stays in memory meanwhile, ` +
    `so lower ${names("batch", "crop")} too; ${planAdvice}`;
}

/** For each reason of an error, the advice to a command, in terms of the options that it takes. */
const advices: Readonly<Record<Reason, (command: TakenOptions) => string>> = {
  "no adapter": () => {
    const files = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
    return files === undefined
      ? "Install a Vulkan driver; on Debian or Ubuntu: apt-get install mesa-vulkan-drivers libvulkan1"
      : `VK_DRIVER_FILES or VK_ICD_FILENAMES names "${files}", which should be a file that describes a Vulkan driver`;
  },
  "no such adapter": () => "Choose one by its number or a part of its name, as crosswalk doctor lists them",
  "device lost": ({ takes }) => takes("resume") ? "Run again with --resume" : "Run the command again",
  "tensor too large": ({ takes, names }) =>
    takes("size") ? `Lower ${names("batch", "crop", "size", "short-side")}` : "",
  "memory of training": ({ names }) =>
    `Lower ${names("batch", "crop", "size", "short-side")}, or pass ${
      names("recompute", "half-activations")
    }; ${planAdvice}`,
  "memory of labelling": inferenceAdvice,
  "memory of scoring": inferenceAdvice,
  "memory of pictures": ({ names }) =>
    `Lower ${names("label-batch", "size", "short-side")}, or give fewer --scales; ${planAdvice}`,
  "training diverged": ({ takes }) =>
    `Lower the learning rate (--source-rate${
      takes("learning-rate") ? ", --learning-rate of the rounds" : ""
    }) and go on from the last good checkpoint with --resume --override`,
  "too many pixels": ({ takes }) =>
    takes("max-pixels") ? "If the image is meant to be that large, raise --max-pixels; else its file is damaged" : "",
  "broken images": ({ takes }) =>
    takes("skip-broken") ? "Mend the files, or leave them out with --skip-broken" : "Mend the files",
  "labels of another size": ({ takes }) =>
    takes("loss-at") ? "Take the loss at the logits with --loss-at logits, or leave out --dice and --lovasz" : "",
  "network for images": ({ takes }) => takes("source-steps") ? "Train one that takes scans: --model fidnet" : "",
  "soft labels of scans": () => "Choose --policy cbst or st",
  "network for scans": ({ takes }) => takes("source-steps") ? "Choose one that takes images with --model" : "",
  "scans without a size": ({ takes }) => takes("size") ? "Give it with --size, such as 64x2048" : "",
  "scaled scans": ({ names }) => {
    const given = names("scales", "test-scales");
    return given === "" ? "" : `Leave out ${given}`;
  },
  "unknown label set": () => "Or give a file: a label set, or the dataset.json of a data set",
  "no such variant": ({ names }) => {
    const given = names(
      "width",
      "batch-norm",
      "heads",
      "branches",
      "colors",
      "stride-in",
      "skip-scale",
      "inputs",
      "scaling",
    );
    return given === "" ? "" : `Leave out what it does not have of ${given}`;
  },
  "unknown network": ({ takes }) => takes("model") ? "Say with --model which network it is" : "",
  "no label set": ({ takes }) =>
    takes("label-set")
      ? `Say it with --label-set: ${labelSetNames.join(", ")}, or a file of classes such as a dataset.json`
      : "",
  "no original names": ({ takes }) => takes("names") ? "Leave out --names original" : "",
  "unfit weights": () => "crosswalk convert --weights FILE prints which of its tensors fit",
  "weights too large for 16 bits": ({ takes }) => takes("dtype") ? "Write them with --dtype f32" : "",
  "unfit backbone": ({ takes }) => takes("backbone-only") ? "Take what fits with --backbone-only" : "",
  "no class map": ({ takes }) => takes("class-map") ? "Give a class map with --class-map" : "",
};

interface TakenOptions {
  /** Whether the command takes an option. */
  readonly takes: (key: OptionKey) => boolean;
  /**
   * The names of those of the options that the command takes, such as `--batch, --crop or --size`; empty if it takes
   * none.
   */
  readonly names: (...keys: OptionKey[]) => string;
}

/** A sentence on what to do about an error of a command; empty if there is no advice. */
export function adviceOn(error: unknown, command: Command): string {
  const taken = new Set(optionsOf(command).map(({ key }) => key));
  const takes = (key: OptionKey) => taken.has(key);
  if (error instanceof InterruptedError) return takes("resume") ? "Go on with --resume" : "";
  if (!(error instanceof ReasonedError) || error.reason === undefined) return "";
  const names = (...keys: OptionKey[]) => listed(keys.filter(takes).map((key) => `--${key}`));
  return advices[error.reason]({ takes, names });
}

/** What a program does with a right of each kind. */
const uses: Readonly<Record<string, string>> = {
  read: "read",
  write: "write to",
  env: "see the environment variable",
  sys: "ask the system for",
  run: "start",
  ffi: "load",
};

/** What an error says. Where Deno refused something for want of a right, it is said in this program's words. */
export function messageOf(error: unknown): string {
  return (systemSentence(error) ?? errorText(error)).replace(
    /Requires (\w+) access to ("[^"]*"|[^\s,]+), run again with the (--allow-\w+) flag/,
    (_, kind: string, what: string, flag: string) => {
      // Deno guards folders such as /proc even from who may write everywhere.
      if (kind === "net") {
        return `there is no right to listen at ${what} (./crosswalk gives it where --serve asks for it; deno run gives it ` +
          `with ${flag})`;
      }
      if (kind === "all") return `there is no right to use ${what}, which belongs to the system`;
      return `there is no right to ${uses[kind] ?? kind} ${what} (./crosswalk lets a command write to its --out and ` +
        `to the cache folder only; deno run gives other rights with ${flag})`;
    },
  );
}

/**
 * A warning that self-training goes wrong, and what to try. What the run does already is not proposed.
 */
export function collapseMessage(warning: CollapseWarning, settings: Settings): string {
  return `${collapseText(warning)}. Try ${listed(collapseRemedies(warning.kind, settings.toJSON()))}`;
}
