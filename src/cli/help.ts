/**
 * The help text of a command: its examples, the layout of data sets where it takes one, and its options by group.
 *
 * @module
 */

import { imageEndings } from "../data/decoders/kind.ts";
import { formatDefault } from "../settings/option_texts.ts";
import { type Command, type Option, type OptionGroup, optionsOf } from "../settings/options.ts";

/** What a command is for, and how it is called. */
export interface CommandHelp {
  readonly command: Command;
  readonly summary: string;
  readonly examples: readonly string[];
}

/** Headings of the groups, in the order in which they are shown. */
const headings: Readonly<Record<OptionGroup, string>> = {
  data: "Data",
  network: "Network",
  method: "Method",
  training: "Training",
  labels: "Labels and scores",
  measurement: "Measurement",
  output: "Run and output",
};

const dataLayout = `A data set is a folder:
  dataset.json            its name and classes: {"name": "streets", "classes": ["road", "car"]}
  train/images/one.jpg    the images of the split train: ${imageEndings.join(" ")}
  train/labels/one.png    their labels: a pixel's value is its class, counted from 0; 255 is ignored
  val/…                   any number of splits; images that a network only labels need no labels folder
Both may hold sub-folders. docs/datasets.md says what else may be there. Official data sets (GTA5,
SYNTHIA, Cityscapes, Cross-City, CamVid, IDD, IDD-Lite, BDD100K, ACDC, SemanticKITTI, ScribbleKITTI,
nuScenes) are known as they are distributed.
`;

const photoLayout = `The target may also be a plain folder of photos, with sub-folders or without. Its classes are those
of the source.
`;

/** The text of `crosswalk <command> --help`. */
export function helpText({ command, summary, examples }: CommandHelp): string {
  const options = optionsOf(command);
  const groups = Object.entries(headings).flatMap(([group, heading]) => {
    const members = options.filter((option) => option.group === group);
    return members.length === 0
      ? []
      : [`${heading}:`, ...members.map((option) => row(optionHead(option), optionText(option))), ""];
  });
  const takesData = options.some(({ key }) => key === "source" || key === "data");
  return [
    `crosswalk ${command}: ${summary}`,
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
    ...takesData ? [dataLayout + (options.some(({ key }) => key === "target") ? photoLayout : "")] : [],
    ...groups,
    row("--help", "this text"),
    "",
  ].join("\n");
}

const placeholders: Readonly<Record<Exclude<Option["kind"], "flag">, string>> = {
  number: "NUMBER",
  integer: "COUNT",
  text: "NAME",
  numbers: "A,B,…",
  size: "HxW",
  bytes: "BYTES",
  path: "PATH",
  paths: "PATH…",
};

/** The most characters that the names of an option's values take in its place. More are listed by its text. */
const mostNames = 32;
/** Columns of the options. The text of a longer one begins on the next line. */
const headWidth = 28;
/** Columns of all lines about options. */
const lineWidth = 100;

/** An option beside what it does, in lines that fit a terminal. */
function row(head: string, text: string): string {
  const lines = wrapped(text, lineWidth - headWidth - 4);
  const margin = " ".repeat(headWidth + 4);
  const first = head.length > headWidth ? [`  ${head}`] : [`  ${head.padEnd(headWidth)}  ${lines.shift() ?? ""}`];
  return [...first, ...lines.map((line) => margin + line)].join("\n");
}

/** A text in lines of at most so many characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function optionHead({ key, kind, choices, words = [], placeholder, positional, default: value }: Option): string {
  if (positional) return placeholder ?? placeholders.paths;
  if (kind === "flag") return value === true ? `--no-${key}` : `--${key}`;
  // Many names would leave no room for what the options do.
  const spelled = areShort(words) ? words : ["NAME"];
  if (choices !== undefined) return `--${key} ${areShort(choices) ? choices.join("|") : "NAME"}`;
  return `--${key} ${[...spelled, placeholder ?? placeholders[kind]].join("|")}`;
}

function areShort(names: readonly string[]): boolean {
  return names.join("|").length <= mostNames;
}

function optionText({ help, kind, choices = [], default: value }: Option): string {
  const text = areShort(choices) ? help : `${help}: ${choices.join(", ")}`;
  if (value === undefined || kind === "flag") return value === true ? `do not ${text}` : text;
  return `${text} (default ${formatDefault(value)})`;
}
