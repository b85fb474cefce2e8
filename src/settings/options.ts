/**
 * Every option of every command, once: its name on the command line and in recipes, its kind, default and help text.
 * The command line, the types of settings, the check of recipes and the table in `docs/recipes.md` are all made from here.
 *
 * @module
 */

import { models } from "../nn/models/mod.ts";

/** The commands that take options. */
export type Command = "adapt" | "train" | "evaluate" | "predict" | "select" | "synth" | "bench" | "tune" | "doctor";

/** What an option's value looks like. */
export type OptionKind = "flag" | "number" | "integer" | "text" | "numbers" | "size" | "bytes" | "path" | "paths";

/** What an option is about; `--help` shows the options of a group together. */
export type OptionGroup = "data" | "network" | "method" | "training" | "labels" | "output" | "measurement";

/** One entry of the table. */
interface OptionShape {
  /** Name: `--source-images` on the command line, `source-images` in a recipe. */
  readonly key: string;
  readonly kind: OptionKind;
  /** Value when not given; absent where there is none. A switch without one is off. */
  readonly default?: string | number | boolean | readonly number[];
  /** Allowed texts. */
  readonly choices?: readonly string[];
  /** Smallest allowed number. */
  readonly minimum?: number;
  /** Largest allowed number. */
  readonly maximum?: number;
  /** How many numbers a list has; any where absent. */
  readonly count?: number;
  readonly group: OptionGroup;
  /** The commands that take it. */
  readonly commands: readonly Command[];
  /** What differs for a command. */
  readonly differs?: Readonly<Partial<Record<Command, Pick<OptionShape, "default" | "choices">>>>;
  /** Whether it is of one start only: a resumed run may be given another value, and no recipe holds it. */
  readonly ofOneStart?: boolean;
  readonly help: string;
}

const training: readonly Command[] = ["adapt", "train"];
const adapting: readonly Command[] = ["adapt"];
const networks: readonly Command[] = ["adapt", "train", "evaluate", "predict"];

// Laid out by hand, so that an option takes two or three lines: its properties, then its help text.
// deno-fmt-ignore
const table = [
  { key: "source", group: "data", kind: "path", commands: training,
    help: "data set with labels to learn from; without it the built-in town" },
  { key: "target", group: "data", kind: "path", commands: adapting,
    help: "data set to adapt to; its labels are only used for scores" },
  { key: "data", group: "data", kind: "path", commands: ["evaluate"],
    help: "data set to score" },
  { key: "split", group: "data", kind: "text", default: "val", commands: ["evaluate"],
    help: "split to score" },
  { key: "source-split", group: "data", kind: "text", default: "train", commands: training,
    help: "split of the source to train on" },
  { key: "target-split", group: "data", kind: "text", default: "train", commands: adapting,
    help: "split of the target to adapt to" },
  { key: "eval-split", group: "data", kind: "text", default: "val", commands: training,
    help: "split to score on" },
  { key: "class-map", group: "data", kind: "path", commands: [...training, "evaluate"],
    help: "JSON file that translates one label set into another" },
  { key: "weights", group: "network", kind: "path", commands: networks,
    help: "adapt, train: weights that initialise the backbone; else the network to run" },
  { key: "source-model", group: "network", kind: "path", commands: adapting,
    help: "finished source network: self-training starts at once" },
  { key: "config", group: "output", kind: "path", commands: [...networks, "select", "synth"],
    help: "recipe (YAML); options given beside it win" },
  { key: "out", group: "output", kind: "path", commands: [...training, "predict", "select", "synth"], ofOneStart: true,
    help: "folder for the results" },
  { key: "resume", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "go on with the run in --out from its last checkpoint" },
  { key: "images", group: "data", kind: "paths", commands: ["predict"],
    help: "image files or folders of images" },
  { key: "logits", group: "output", kind: "flag", commands: ["predict"],
    help: "also write the raw logits as .npy" },
  { key: "control-run", group: "output", kind: "path", commands: adapting, ofOneStart: true,
    help: "finished control run to show the gain over" },
  { key: "plan", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print the memory plan and stop" },
  { key: "profile", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print at the end where the time went, by stage and kernel; also profile.json" },
  { key: "memory-budget", group: "output", kind: "bytes", commands: training, ofOneStart: true,
    help: "refuse to start above this, such as 4GiB" },
  { key: "json", group: "output", kind: "flag",
    commands: [...networks, "select", "bench", "tune", "doctor", "synth"], ofOneStart: true,
    help: "print one JSON object on stdout, nothing else" },
  { key: "runs", group: "measurement", kind: "integer", default: 5, minimum: 1, commands: ["bench"],
    help: "timed runs of each engine after a warm-up" },
  { key: "against", group: "measurement", kind: "text", commands: ["bench"],
    help: "other engines for kernels, step and memory, with commas between: tfjs, jax, ort, pytorch" },
  { key: "minutes", group: "measurement", kind: "number", default: 10, minimum: 0, commands: ["tune"],
    help: "time after which the tuning stops and keeps what it has" },
  { key: "classes", group: "network", kind: "integer", default: 19, minimum: 1, maximum: 255, commands: ["tune"],
    help: "classes of the network" },
  { key: "reference", group: "measurement", kind: "flag", commands: ["tune"],
    help: "tune the network of bench step instead, batch 2 of 256x512 and 19 classes" },
  { key: "only", group: "measurement", kind: "text", commands: ["bench"],
    help: "check and time one kernel: an op such as conv2dInputGrad, or a row of bench kernels" },
  { key: "plot", group: "output", kind: "path", commands: ["bench"],
    help: "SVG file for the roofline of the kernels, or for the lines of growth" },
  { key: "submit", group: "output", kind: "flag", commands: ["bench"],
    help: "print one Markdown block to paste into a report, nothing else" },
  { key: "probabilities", group: "data", kind: "paths", commands: ["select"],
    help: "probability maps, .npy of [N,C,H,W] or [C,H,W] float32" },
  { key: "portion", group: "method", kind: "number", default: 0.2, minimum: 0, maximum: 1, commands: ["select"],
    help: "share of every class to label" },
  { key: "alpha", group: "method", kind: "number", default: 0.25, minimum: 0.000001, commands: ["select"],
    help: "strength of the label entropy of lrent" },
  { key: "prior", group: "data", kind: "path", commands: ["select"],
    help: "spatial prior, .npy of [C,H,W] float32" },
  { key: "format", group: "labels", kind: "text", default: "png", choices: ["png", "npy"], commands: ["select"],
    help: "how labels are written" },
  { key: "model", group: "network", kind: "text", default: "deeplab-mobilenet", choices: models.map(({ name }) => name),
    commands: [...training, "tune"],
    help: "network to train or tune" },
  { key: "size", group: "data", kind: "size",
    commands: [...networks, "tune"], differs: { tune: { default: "240x320" } },
    help: "working size HxW of the images; else that of the weights, else the images' own" },
  { key: "seed", group: "training", kind: "integer", default: 0, minimum: 0, maximum: 2 ** 32 - 1,
    commands: [...training, "synth"],
    help: "seed of every random draw" },
  { key: "batch", group: "training", kind: "integer", default: 4, minimum: 1, commands: [...training, "tune"],
    help: "crops of a micro-batch, in memory together" },
  { key: "accumulate", group: "training", kind: "integer", default: 1, minimum: 1, maximum: 1024, commands: training,
    help: "micro-batches of a step, whose gradients are averaged" },
  { key: "recompute", group: "training", kind: "flag", default: false, commands: training,
    help: "drop activations inside blocks, recompute them for the gradients: less memory" },
  { key: "half-activations", group: "training", kind: "flag", default: false, commands: training,
    help: "keep activations for the gradients in 16 bits: less memory" },
  { key: "crop", group: "training", kind: "size", commands: training,
    help: "size HxW of a crop; default the working size" },
  { key: "scale-range", group: "training", kind: "numbers", default: [0.75, 1.5], count: 2, minimum: 0.01, maximum: 100,
    commands: training,
    help: "least and greatest random scale of an image" },
  { key: "mirror", group: "training", kind: "flag", default: true, commands: training,
    help: "mirror half of the crops" },
  { key: "jitter", group: "training", kind: "number", default: 0, minimum: 0, maximum: 0.9, commands: training,
    help: "strength of random brightness, contrast and saturation changes" },
  { key: "optimizer", group: "training", kind: "text", default: "sgd", choices: ["sgd", "adamw"], commands: training,
    help: "what turns gradients into steps" },
  { key: "momentum", group: "training", kind: "number", default: 0.9, minimum: 0, maximum: 1, commands: training,
    help: "momentum of SGD" },
  { key: "nesterov", group: "training", kind: "flag", default: false, commands: training,
    help: "look ahead along the momentum of SGD, as Nesterov does" },
  { key: "betas", group: "training", kind: "numbers", default: [0.9, 0.999], count: 2, minimum: 0, maximum: 0.99999,
    commands: training,
    help: "decay of AdamW's means of gradients and of their squares" },
  { key: "weight-decay", group: "training", kind: "number", default: 0.0005, minimum: 0, commands: training,
    help: "weight decay" },
  { key: "clip-norm", group: "training", kind: "number", minimum: 0.000001, commands: training,
    help: "L2 norm of all gradients together, at most; default as they are" },
  { key: "head-rate", group: "training", kind: "number", default: 10, minimum: 0, commands: training,
    help: "learning rate of the head relative to the backbone's" },
  { key: "source-steps", group: "training", kind: "integer", default: 1500, minimum: 0, commands: training,
    help: "steps of the source training" },
  { key: "source-rate", group: "training", kind: "number", default: 0.001, minimum: 0, commands: training,
    help: "learning rate of the source training" },
  { key: "schedule", group: "training", kind: "text", default: "poly", choices: ["constant", "poly", "step"],
    commands: training,
    help: "learning rate within the source training" },
  { key: "power", group: "training", kind: "number", default: 0.9, minimum: 0, commands: training,
    help: "exponent of the poly schedule" },
  { key: "schedule-steps", group: "training", kind: "integer", minimum: 1, commands: training,
    help: "steps after which poly reaches 0; default those of the source training" },
  { key: "gamma", group: "training", kind: "number", default: 0.1, minimum: 0, commands: training,
    help: "factor of the step schedule" },
  { key: "every", group: "training", kind: "integer", minimum: 1, commands: training,
    help: "steps between its factors; default a third of the source training" },
  { key: "warm-up", group: "training", kind: "integer", default: 100, minimum: 0, commands: training,
    help: "steps over which the learning rate of the source training rises" },
  { key: "rounds", group: "method", kind: "integer", default: 3, minimum: 1, commands: adapting,
    help: "rounds of labelling and re-training" },
  { key: "epochs", group: "method", kind: "integer", default: 2, minimum: 1, commands: adapting,
    help: "passes over the images of a round" },
  { key: "learning-rate", group: "method", kind: "numbers", default: [0.0001], minimum: 0, commands: adapting,
    help: "learning rate of the rounds; one per round, or the first one's" },
  { key: "rate-decay", group: "method", kind: "text", default: "sqrt2", choices: ["constant", "sqrt2"],
    commands: adapting,
    help: "learning rate from round to round, where only one is given" },
  { key: "policy", group: "method", kind: "text", default: "cbst", choices: ["cbst", "st"],
    commands: [...adapting, "select"], differs: { select: { choices: ["cbst", "st", "lrent"] } },
    help: "a threshold per class (cbst) or one for all (st)" },
  { key: "rule", group: "method", kind: "text", default: "crst", choices: ["crst", "mxnet"],
    commands: [...adapting, "select"],
    help: "rank of the threshold as in the released code of" },
  { key: "stride", group: "method", kind: "integer", default: 1, minimum: 1,
    commands: [...adapting, "select"], differs: { select: { default: 4 } },
    help: "every which pixel of a class and image is ranked" },
  { key: "target-portion", group: "method", kind: "number", default: 0.2, minimum: 0, maximum: 1, commands: adapting,
    help: "share of every class labelled in the first round" },
  { key: "target-portion-step", group: "method", kind: "number", default: 0.05, minimum: 0, commands: adapting,
    help: "added each round" },
  { key: "target-portion-max", group: "method", kind: "number", default: 0.5, minimum: 0, maximum: 1,
    commands: adapting,
    help: "largest share" },
  { key: "source-portion", group: "method", kind: "number", default: 0.03, minimum: 0, maximum: 1, commands: adapting,
    help: "share of the source images used in the first round" },
  { key: "source-portion-step", group: "method", kind: "number", default: 0.0025, minimum: 0, commands: adapting,
    help: "added each round" },
  { key: "source-portion-max", group: "method", kind: "number", default: 0.06, minimum: 0, maximum: 1,
    commands: adapting,
    help: "largest share" },
  { key: "source-images", group: "method", kind: "integer", minimum: 0, commands: adapting,
    help: "source images of a round, instead of a portion" },
  { key: "target-images", group: "method", kind: "integer", minimum: 0, commands: adapting,
    help: "target images trained on in a round; default all" },
  { key: "source-choice", group: "method", kind: "text", default: "redrawn", choices: ["redrawn", "nested"],
    commands: adapting,
    help: "source images anew each round, or a growing subset" },
  { key: "spatial-prior", group: "method", kind: "flag", default: false, commands: adapting,
    help: "multiply probabilities by the class frequency of each place in the source" },
  { key: "mining", group: "method", kind: "text", default: "off", choices: ["off", "crst", "mxnet", "reference"],
    commands: adapting,
    help: "crops around rare classes" },
  { key: "mining-domains", group: "method", kind: "text", default: "both", choices: ["source", "target", "both"],
    commands: adapting,
    help: "whose crops are mined" },
  { key: "mining-chance", group: "method", kind: "number", default: 0.8, minimum: 0, maximum: 1, commands: adapting,
    help: "share of crops that are mined" },
  { key: "scales", group: "labels", kind: "numbers", default: [1], minimum: 0.01, maximum: 100, commands: networks,
    help: "scales of an image, averaged in label generation, evaluation and prediction" },
  { key: "flip", group: "labels", kind: "flag", default: false, commands: networks,
    help: "average with the mirrored image too" },
  { key: "average", group: "labels", kind: "text", default: "probabilities", choices: ["probabilities", "logits"],
    commands: networks,
    help: "what is averaged over scales and mirror images" },
  { key: "absent", group: "labels", kind: "text", default: "null", choices: ["null", "zero"],
    commands: [...training, "evaluate"],
    help: "a class in neither truth nor prediction is left out, or counts zero" },
  { key: "control", group: "method", kind: "flag", default: false, commands: adapting,
    help: "train on source images only, as a control" },
  { key: "town-images", group: "data", kind: "integer", default: 120, minimum: 1, commands: [...training, "synth"],
    help: "training images of each built-in town" },
  { key: "town-size", group: "data", kind: "size", default: "96x192", commands: [...training, "synth"],
    help: "size of the built-in towns' images" },
] as const satisfies readonly OptionShape[];

/** The table with its literal types, from which the types of values are derived. */
export type OptionTable = typeof table;

/** The name of an option. */
export type OptionKey = OptionTable[number]["key"];

/** One option. */
export interface Option extends OptionShape {
  readonly key: OptionKey;
}

/** All options. */
export const options: readonly Option[] = table;

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
