/**
 * Every option of every command, once: its name on the command line and in recipes, its kind, default and help text. The
 * command line, the recipe check and the table in `docs/recipes.md` are all made from here.
 *
 * @module
 */

import { models } from "../nn/models/mod.ts";

/** The commands that take options. */
export type Command = "adapt" | "train" | "evaluate" | "predict" | "select" | "synth" | "bench" | "tune" | "doctor";

/** What an option's value looks like. */
export type OptionKind = "flag" | "number" | "integer" | "text" | "numbers" | "size" | "bytes" | "path" | "paths";

/** One option. */
export interface Option {
  /** Name: `--source-images` on the command line, `source-images` in a recipe. */
  readonly key: string;
  readonly kind: OptionKind;
  /** Value when not given; absent where there is none. */
  readonly default?: string | number | boolean | readonly number[];
  /** Allowed texts. */
  readonly choices?: readonly string[];
  /** Smallest allowed number. */
  readonly minimum?: number;
  /** Largest allowed number. */
  readonly maximum?: number;
  /** How many numbers a list has; any where absent. */
  readonly count?: number;
  readonly help: string;
  /** The commands that take it. */
  readonly commands: readonly Command[];
  /** What differs for a command. */
  readonly differs?: Readonly<Partial<Record<Command, Pick<Option, "default" | "choices">>>>;
}

const training: readonly Command[] = ["adapt", "train"];
const adapting: readonly Command[] = ["adapt"];
const networks: readonly Command[] = ["adapt", "train", "evaluate", "predict"];

/** How a network is trained or used: of `adapt` and `train` where nothing else is said. */
function setting(
  key: string,
  kind: OptionKind,
  value: Option["default"],
  help: string,
  more: Partial<Option> = {},
): Option {
  return { key, kind, ...(value === undefined ? {} : { default: value }), help, commands: training, ...more };
}

/** What a command works on, and what it hands out. */
function argument(
  key: string,
  kind: OptionKind,
  commands: readonly Command[],
  help: string,
  more: Partial<Option> = {},
): Option {
  return { key, kind, help, commands, ...more };
}

/** All options. */
export const options: readonly Option[] = [
  argument("source", "path", training, "data set with labels to learn from; without it the built-in town"),
  argument("target", "path", adapting, "data set to adapt to; its labels are only used for scores"),
  argument("data", "path", ["evaluate"], "data set to score"),
  argument("split", "text", ["evaluate"], "split to score", { default: "val" }),
  argument("source-split", "text", training, "split of the source to train on", { default: "train" }),
  argument("target-split", "text", adapting, "split of the target to adapt to", { default: "train" }),
  argument("eval-split", "text", training, "split to score on", { default: "val" }),
  argument("class-map", "path", [...training, "evaluate"], "JSON file that translates one label set into another"),
  argument("weights", "path", networks, "adapt, train: weights that initialise the backbone; else the network to run"),
  argument("source-model", "path", adapting, "finished source network: self-training starts at once"),
  argument("config", "path", [...networks, "select", "synth"], "recipe (YAML); options given beside it win"),
  argument("out", "path", [...training, "predict", "select", "synth"], "folder for the results"),
  argument("resume", "flag", training, "go on with the run in --out from its last checkpoint"),
  argument("images", "paths", ["predict"], "image files or folders of images"),
  argument("logits", "flag", ["predict"], "also write the raw logits as .npy"),
  argument("control-run", "path", adapting, "finished control run to show the gain over"),
  argument("plan", "flag", training, "print the memory plan and stop"),
  argument("profile", "flag", training, "print at the end where the time went, by stage and kernel; also profile.json"),
  argument("memory-budget", "bytes", training, "refuse to start above this, such as 4GiB"),
  argument(
    "json",
    "flag",
    [...networks, "select", "bench", "tune", "doctor", "synth"],
    "print one JSON object on stdout, nothing else",
  ),
  argument("runs", "integer", ["bench"], "timed runs of each engine after a warm-up", { default: 5, minimum: 1 }),
  argument(
    "against",
    "text",
    ["bench"],
    "other engines for kernels, step and memory, with commas between: tfjs, jax, ort, pytorch",
  ),
  argument("minutes", "number", ["tune"], "time after which the tuning stops and keeps what it has", {
    default: 10,
    minimum: 0,
  }),
  argument("classes", "integer", ["tune"], "classes of the network", { default: 19, minimum: 1, maximum: 255 }),
  argument("reference", "flag", ["tune"], "tune the network of bench step instead, batch 2 of 256x512 and 19 classes"),
  argument(
    "only",
    "text",
    ["bench"],
    "check and time one kernel: an op such as conv2dInputGrad, or a row of bench kernels",
  ),
  argument("plot", "path", ["bench"], "SVG file for the roofline of the kernels, or for the lines of growth"),
  argument("submit", "flag", ["bench"], "print one Markdown block to paste into a report, nothing else"),
  argument("probabilities", "paths", ["select"], "probability maps, .npy of [N,C,H,W] or [C,H,W] float32"),
  argument("portion", "number", ["select"], "share of every class to label", { default: 0.2, minimum: 0, maximum: 1 }),
  argument("alpha", "number", ["select"], "strength of the label entropy of lrent", { default: 0.25, minimum: 1e-6 }),
  argument("prior", "path", ["select"], "spatial prior, .npy of [C,H,W] float32"),
  argument("format", "text", ["select"], "how labels are written", { default: "png", choices: ["png", "npy"] }),

  setting("model", "text", "deeplab-mobilenet", "network to train or tune", {
    commands: [...training, "tune"],
    choices: models.map(({ name }) => name),
  }),
  setting("size", "size", undefined, "working size HxW of the images; else that of the weights, else the images' own", {
    commands: [...networks, "tune"],
    differs: { tune: { default: "240x320" } },
  }),
  setting("seed", "integer", 0, "seed of every random draw", {
    commands: [...training, "synth"],
    minimum: 0,
    maximum: 2 ** 32 - 1,
  }),
  setting("batch", "integer", 4, "crops of a micro-batch, in memory together", {
    commands: [...training, "tune"],
    minimum: 1,
  }),
  setting("accumulate", "integer", 1, "micro-batches of a step, whose gradients are averaged", {
    minimum: 1,
    maximum: 1024,
  }),
  setting("recompute", "flag", false, "drop activations inside blocks, recompute them for the gradients: less memory"),
  setting("half-activations", "flag", false, "keep activations for the gradients in 16 bits: less memory"),
  setting("crop", "size", undefined, "size HxW of a crop; default the working size"),
  setting("scale-range", "numbers", [0.75, 1.5], "least and greatest random scale of an image", {
    count: 2,
    minimum: 0.01,
    maximum: 100,
  }),
  setting("mirror", "flag", true, "mirror half of the crops"),
  setting("jitter", "number", 0, "strength of random brightness, contrast and saturation changes", {
    minimum: 0,
    maximum: 0.9,
  }),
  setting("optimizer", "text", "sgd", "what turns gradients into steps", { choices: ["sgd", "adamw"] }),
  setting("momentum", "number", 0.9, "momentum of SGD", { minimum: 0, maximum: 1 }),
  setting("nesterov", "flag", false, "look ahead along the momentum of SGD, as Nesterov does"),
  setting("betas", "numbers", [0.9, 0.999], "decay of AdamW's means of gradients and of their squares", {
    count: 2,
    minimum: 0,
    maximum: 0.99999,
  }),
  setting("weight-decay", "number", 5e-4, "weight decay", { minimum: 0 }),
  setting("clip-norm", "number", undefined, "L2 norm of all gradients together, at most; default as they are", {
    minimum: 1e-6,
  }),
  setting("head-rate", "number", 10, "learning rate of the head relative to the backbone's", { minimum: 0 }),
  setting("source-steps", "integer", 1500, "steps of the source training", { minimum: 0 }),
  setting("source-rate", "number", 1e-3, "learning rate of the source training", { minimum: 0 }),
  setting("schedule", "text", "poly", "learning rate within the source training", {
    choices: ["constant", "poly", "step"],
  }),
  setting("power", "number", 0.9, "exponent of the poly schedule", { minimum: 0 }),
  setting(
    "schedule-steps",
    "integer",
    undefined,
    "steps after which poly reaches 0; default those of the source training",
    { minimum: 1 },
  ),
  setting("gamma", "number", 0.1, "factor of the step schedule", { minimum: 0 }),
  setting("every", "integer", undefined, "steps between its factors; default a third of the source training", {
    minimum: 1,
  }),
  setting("warm-up", "integer", 100, "steps over which the learning rate of the source training rises", { minimum: 0 }),
  setting("rounds", "integer", 3, "rounds of labelling and re-training", { commands: adapting, minimum: 1 }),
  setting("epochs", "integer", 2, "passes over the images of a round", { commands: adapting, minimum: 1 }),
  setting("learning-rate", "numbers", [1e-4], "learning rate of the rounds; one per round, or the first one's", {
    commands: adapting,
    minimum: 0,
  }),
  setting("rate-decay", "text", "sqrt2", "learning rate from round to round, where only one is given", {
    commands: adapting,
    choices: ["constant", "sqrt2"],
  }),
  setting("policy", "text", "cbst", "a threshold per class (cbst) or one for all (st)", {
    commands: [...adapting, "select"],
    choices: ["cbst", "st"],
    differs: { select: { choices: ["cbst", "st", "lrent"] } },
  }),
  setting("rule", "text", "crst", "rank of the threshold as in the released code of", {
    commands: [...adapting, "select"],
    choices: ["crst", "mxnet"],
  }),
  setting("stride", "integer", 1, "every which pixel of a class and image is ranked", {
    commands: [...adapting, "select"],
    minimum: 1,
    differs: { select: { default: 4 } },
  }),
  setting("target-portion", "number", 0.2, "share of every class labelled in the first round", {
    commands: adapting,
    minimum: 0,
    maximum: 1,
  }),
  setting("target-portion-step", "number", 0.05, "added each round", { commands: adapting, minimum: 0 }),
  setting("target-portion-max", "number", 0.5, "largest share", { commands: adapting, minimum: 0, maximum: 1 }),
  setting("source-portion", "number", 0.03, "share of the source images used in the first round", {
    commands: adapting,
    minimum: 0,
    maximum: 1,
  }),
  setting("source-portion-step", "number", 0.0025, "added each round", { commands: adapting, minimum: 0 }),
  setting("source-portion-max", "number", 0.06, "largest share", { commands: adapting, minimum: 0, maximum: 1 }),
  setting("source-images", "integer", undefined, "source images of a round, instead of a portion", {
    commands: adapting,
    minimum: 0,
  }),
  setting("target-images", "integer", undefined, "target images trained on in a round; default all", {
    commands: adapting,
    minimum: 0,
  }),
  setting("source-choice", "text", "redrawn", "source images anew each round, or a growing subset", {
    commands: adapting,
    choices: ["redrawn", "nested"],
  }),
  setting("spatial-prior", "flag", false, "multiply probabilities by the class frequency of each place in the source", {
    commands: adapting,
  }),
  setting("mining", "text", "off", "crops around rare classes", {
    commands: adapting,
    choices: ["off", "crst", "mxnet", "reference"],
  }),
  setting("mining-domains", "text", "both", "whose crops are mined", {
    commands: adapting,
    choices: ["source", "target", "both"],
  }),
  setting("mining-chance", "number", 0.8, "share of crops that are mined", {
    commands: adapting,
    minimum: 0,
    maximum: 1,
  }),
  setting("scales", "numbers", [1], "scales of an image, averaged in label generation, evaluation and prediction", {
    commands: networks,
    minimum: 0.01,
    maximum: 100,
  }),
  setting("flip", "flag", false, "average with the mirrored image too", {
    commands: networks,
  }),
  setting("average", "text", "probabilities", "what is averaged over scales and mirror images", {
    commands: networks,
    choices: ["probabilities", "logits"],
  }),
  setting("absent", "text", "null", "a class in neither truth nor prediction is left out, or counts zero", {
    commands: [...training, "evaluate"],
    choices: ["null", "zero"],
  }),
  setting("control", "flag", false, "train on source images only, as a control", { commands: adapting }),
  setting("town-images", "integer", 120, "training images of each built-in town", {
    commands: [...training, "synth"],
    minimum: 1,
  }),
  setting("town-size", "size", "96x192", "size of the built-in towns' images", { commands: [...training, "synth"] }),
];

/** The options of a command, as they are there. */
export function optionsOf(command: Command): Option[] {
  return options.filter(({ commands }) => commands.includes(command))
    .map((option) => ({ ...option, ...option.differs?.[command] }));
}

/** Whether an option may stand in a recipe: all but paths may. */
export function isRecipeKey({ kind }: Option): boolean {
  return kind !== "path" && kind !== "paths";
}

/** Every text that some command allows for an option; absent where any text is. */
export function allChoices({ choices, differs = {} }: Option): readonly string[] | undefined {
  const more = Object.values(differs).flatMap((different) => different.choices ?? []);
  return choices === undefined ? undefined : [...new Set([...choices, ...more])];
}

/** The table of `docs/recipes.md`: every key of a recipe with its default, its commands and its meaning. */
export function recipeTable(): string {
  const rows = options.filter(isRecipeKey).map((option) => [
    `\`${option.key}\``,
    defaultsText(option),
    option.commands.join(", "),
    `${option.help}${option.choices ? `: ${choicesText(option)}` : ""}`,
  ]);
  const lines = [["key", "default", "commands", "meaning"], ["---", "---", "---", "---"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, cell === "---" ? "-" : " "));
    return `| ${padded.join(" | ")} |`;
  }).join("\n");
}

function defaultsText({ default: value, differs = {} }: Option): string {
  const others = Object.entries(differs).filter(([, { default: other }]) => other !== undefined)
    .map(([command, { default: other }]) => `; ${command}: ${formatDefault(other)}`);
  return `${formatDefault(value)}${others.join("")}`;
}

function choicesText({ choices = [], differs = {} }: Option): string {
  const others = Object.entries(differs).flatMap(([command, { choices: more = [] }]) => {
    const added = more.filter((choice) => !choices.includes(choice));
    return added.length === 0 ? [] : [`; ${command} also ${added.join(", ")}`];
  });
  return `${choices.join(", ")}${others.join("")}`;
}

/** A default as text. */
export function formatDefault(value: Option["default"]): string {
  return value === undefined ? "–" : Array.isArray(value) ? value.join(",") : String(value);
}
