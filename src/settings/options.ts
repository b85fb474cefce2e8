/**
 * Every option of every command, once: its name on the command line and in recipes, its kind, default and help text.
 * The command line, the types of settings, the check of recipes and the table of `docs/recipes.md` are made from here.
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
  /** The value if the option is not given; absent if there is none. A switch without a default is off. */
  readonly default?: string | number | boolean | readonly number[];
  /** Words that may be given in the place of a path, a whole number or a size. They name something built in. */
  readonly words?: readonly string[];
  /** Another option that takes the place of this one: its default, and where given beside a recipe, the recipe's. */
  readonly unless?: string;
  /** What a run had whose `config.json` does not name the option, where that is not the default. */
  readonly earlier?: string | number | boolean;
  /** The allowed texts. */
  readonly choices?: readonly string[];
  /** The placeholder for the value in `--help`, if the kind says too little. */
  readonly placeholder?: string;
  /** Smallest allowed number. */
  readonly minimum?: number;
  /** Largest allowed number. */
  readonly maximum?: number;
  /** How many numbers a list must have; any number if absent. */
  readonly count?: number;
  readonly group: OptionGroup;
  /** The commands that take it. */
  readonly commands: readonly Command[];
  /** The properties that differ for some commands. */
  readonly differs?: Readonly<
    Partial<Record<Command, Partial<Pick<OptionShape, "default" | "choices" | "help" | "kind" | "group">>>>
  >;
  /**
   * Whether it belongs to a single start and not to the run. A resumed run may be given another value for it, and no
   * recipe may hold it.
   */
  readonly ofOneStart?: boolean;
  /**
   * Whether it belongs to the run, but another value does not change what is computed already. A resumed run may be
   * given another value for it.
   */
  readonly freeOnResume?: boolean;
  readonly help: string;
}

const training: readonly Command[] = ["adapt", "train"];
const adapting: readonly Command[] = ["adapt"];
const networks: readonly Command[] = ["adapt", "train", "evaluate", "predict"];

const runFolderHelp = "folder for the results; without it, a new one in runs/";

// Laid out by hand, so that an option takes two or three lines: its properties, then its help text.
// deno-fmt-ignore
const table = [
  { key: "source", group: "data", kind: "path", commands: training,
    help: "data set with labels to learn from; without it, the built-in towns" },
  { key: "target", group: "data", kind: "path", commands: adapting,
    help: "data set or plain folder of photos to adapt to; its labels, if it has any, only give scores" },
  { key: "data", group: "data", kind: "path", commands: ["evaluate"],
    help: "data set with labels to score on" },
  { key: "split", group: "data", kind: "text", default: "val", commands: ["evaluate"],
    help: "split of the data set to score on" },
  { key: "source-split", group: "data", kind: "text", default: "train", commands: training,
    help: "split of the source to train on" },
  { key: "target-split", group: "data", kind: "text", default: "train", commands: adapting,
    help: "split of the target to adapt to" },
  { key: "eval-split", group: "data", kind: "text", default: "val", commands: training,
    help: "split to score on, of the target; where there is no target, of the source" },
  { key: "class-map", group: "data", kind: "path", commands: [...training, "evaluate"],
    help: "JSON file that translates the classes of a data set into those of the network" },
  { key: "weights", group: "network", kind: "path", commands: networks,
    differs: { evaluate: { help: "weight file of the network" }, predict: { help: "weight file of the network" } },
    help: "weight file to start the backbone from; without it, random weights" },
  { key: "source-model", group: "network", kind: "path", commands: adapting,
    help: "weight file of a trained source network; self-training starts at once" },
  { key: "config", group: "output", kind: "path", commands: [...networks, "select", "synth"], freeOnResume: true,
    help: "recipe: a YAML file of options; an option given beside it wins" },
  { key: "out", group: "output", kind: "path", commands: [...training, "predict", "select", "synth"], ofOneStart: true,
    differs: { adapt: { help: runFolderHelp }, train: { help: runFolderHelp } },
    help: "folder for the results" },
  { key: "resume", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "go on with the run in the folder of --out, from its last checkpoint" },
  { key: "override", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "with --resume: go on though options, data, adapter or program are others than at the start; that is recorded" },
  { key: "images", group: "data", kind: "paths", commands: ["predict"],
    help: "image files, or folders of images, to label" },
  { key: "logits", group: "output", kind: "flag", commands: ["predict", "select"],
    differs: { select: { kind: "paths", group: "data",
      help: "logits in .npy files of the same form, as predict --logits writes them; instead of --probabilities" } },
    help: "also write the network's logits as NAME.npy" },
  { key: "probabilities", group: "output", kind: "flag", commands: ["predict", "select"],
    differs: { select: { kind: "paths", group: "data",
      help: "probability maps: .npy files of floats, [N,C,H,W] or [C,H,W], as predict --probabilities writes them" } },
    help: "also write the probability of each class as NAME.probabilities.npy, at the image's own size" },
  { key: "control-run", group: "output", kind: "path", commands: adapting, ofOneStart: true,
    help: "folder of a finished control run; the table then shows the gain over it" },
  { key: "plan", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print how much GPU memory each stage of the run takes, then stop" },
  { key: "profile", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print at the end where the time went, by stage and kernel; also written to profile.json" },
  { key: "memory-budget", group: "output", kind: "bytes", commands: training, ofOneStart: true,
    help: "do not start where the run takes more GPU memory than this, such as 4GiB" },
  { key: "max-pixels", group: "data", kind: "integer", default: 100_000_000, minimum: 1, commands: networks,
    ofOneStart: true,
    help: "how many pixels an image's header may claim; a larger image is refused before memory is taken" },
  { key: "skip-broken", group: "data", kind: "flag", default: false, commands: ["adapt", "train", "evaluate"],
    help: "leave out labelled images that cannot be used, or whose labels cannot, and say which" },
  { key: "json", group: "output", kind: "flag",
    commands: [...networks, "select", "bench", "tune", "doctor", "synth"], ofOneStart: true,
    help: "print one JSON object on stdout, and nothing else there" },
  { key: "runs", group: "measurement", kind: "integer", default: 5, minimum: 1, commands: ["bench"],
    help: "how often each engine is timed, after a warm-up" },
  { key: "against", group: "measurement", kind: "text", commands: ["bench"],
    help: "other engines to time beside this one, with commas between: tfjs, jax, ort, pytorch" },
  { key: "minutes", group: "measurement", kind: "number", default: 10, minimum: 0, commands: ["tune"],
    help: "minutes after which the tuning stops; what was found is kept" },
  { key: "classes", group: "network", kind: "integer", default: 19, minimum: 1, maximum: 255, commands: ["tune"],
    help: "number of classes of the network" },
  { key: "reference", group: "measurement", kind: "flag", commands: ["tune"],
    help: "tune the network of bench step instead: batch 2 of 256x512 pixels, 19 classes" },
  { key: "only", group: "measurement", kind: "text", commands: ["bench"],
    help: "check and time one kernel: an op such as conv2dInputGrad, or a row of bench kernels" },
  { key: "plot", group: "output", kind: "path", commands: ["bench"],
    help: "SVG file to draw: the roofline of the kernels, or with bench growth its lines" },
  { key: "submit", group: "output", kind: "flag", commands: ["bench"],
    help: "print one Markdown block to paste into a report, and nothing else" },
  { key: "portion", group: "method", kind: "number", default: 0.2, minimum: 0, maximum: 1, commands: ["select"],
    help: "share of the pixels predicted as a class that are labelled, 0 to 1" },
  { key: "alpha", group: "method", kind: "number", default: 0.25, minimum: 0.000001, commands: ["select"],
    help: "weight of the label entropy; only for --policy lrent" },
  { key: "prior", group: "data", kind: "path", commands: ["select"],
    help: "spatial prior: .npy file of floats, [C,H,W]" },
  { key: "format", group: "labels", kind: "text", default: "png", choices: ["png", "npy"], commands: ["select"],
    help: "kind of the label files" },
  { key: "model", group: "network", kind: "text", default: "deeplab-mobilenet", choices: models.map(({ name }) => name),
    commands: [...training, "tune"],
    help: "network" },
  { key: "size", group: "data", kind: "size", unless: "short-side",
    commands: [...networks, "tune"],
    differs: { tune: { default: "240x320", help: "height x width in pixels of the images" } },
    help: "height x width in pixels of what the network sees, to which images are stretched; without it they keep their shape" },
  { key: "short-side", group: "data", kind: "integer", minimum: 1, unless: "size", commands: networks,
    help: "shorter side of images, which keep their shape, in pixels; without it, that of the weights' size, else their own" },
  { key: "seed", group: "training", kind: "integer", default: 0, minimum: 0, maximum: 2 ** 32 - 1,
    commands: [...training, "synth"],
    help: "number that all random draws follow from; the same seed draws the same" },
  { key: "batch", group: "training", kind: "integer", default: 4, minimum: 1, commands: [...training, "tune"],
    help: "crops that are in memory together, a micro-batch" },
  { key: "accumulate", group: "training", kind: "integer", default: 1, minimum: 1, maximum: 1024, commands: training,
    help: "micro-batches of a step; their gradients are averaged" },
  { key: "recompute", group: "training", kind: "flag", default: false, commands: training, freeOnResume: true,
    help: "keep fewer activations and compute them again for the gradients: less memory, more time" },
  { key: "half-activations", group: "training", kind: "flag", default: false, commands: training,
    help: "keep activations for the gradients in 16 bits: less memory, rounded gradients" },
  { key: "crop", group: "training", kind: "size", words: ["auto", "whole"], default: "auto", earlier: "whole",
    commands: training,
    help: "height x width in pixels of the pieces to train on; or 4/5 of the working size (auto), or all of it (whole)" },
  { key: "scale-range", group: "training", kind: "numbers", default: [0.75, 1.5], count: 2, minimum: 0.01, maximum: 100,
    commands: training,
    help: "smallest and largest factor by which an image is scaled at random" },
  { key: "mirror", group: "training", kind: "flag", default: true, commands: training,
    help: "mirror half of the crops at random" },
  { key: "jitter", group: "training", kind: "number", default: 0, minimum: 0, maximum: 0.9, commands: training,
    help: "strength of random changes of brightness, contrast and saturation; 0 is none" },
  { key: "optimizer", group: "training", kind: "text", default: "sgd", choices: ["sgd", "adamw"], commands: training,
    help: "how gradients become steps" },
  { key: "momentum", group: "training", kind: "number", default: 0.9, minimum: 0, maximum: 1, commands: training,
    help: "momentum of SGD" },
  { key: "nesterov", group: "training", kind: "flag", default: false, commands: training,
    help: "use Nesterov's momentum in SGD" },
  { key: "betas", group: "training", kind: "numbers", default: [0.9, 0.999], count: 2, minimum: 0, maximum: 0.99999,
    commands: training,
    help: "decay of AdamW's running means: of the gradients, and of their squares" },
  { key: "weight-decay", group: "training", kind: "number", default: 0.0005, minimum: 0, commands: training,
    help: "strength of the pull of weights towards 0" },
  { key: "clip-norm", group: "training", kind: "number", minimum: 0.000001, commands: training,
    help: "largest L2 norm of all gradients together; longer ones are scaled down. Without it, none are" },
  { key: "head-rate", group: "training", kind: "number", default: 10, minimum: 0, commands: training,
    help: "learning rate of the head, as a multiple of the backbone's" },
  { key: "source-steps", group: "training", kind: "integer", default: 1500, minimum: 0, commands: training,
    help: "steps of the source training" },
  { key: "source-rate", group: "training", kind: "number", default: 0.001, minimum: 0, commands: training,
    help: "learning rate of the source training, after its warm-up" },
  { key: "schedule", group: "training", kind: "text", default: "poly", choices: ["constant", "poly", "step"],
    commands: training,
    help: "how the learning rate falls during the source training" },
  { key: "power", group: "training", kind: "number", default: 0.9, minimum: 0, commands: training,
    help: "poly schedule: the exponent" },
  { key: "schedule-steps", group: "training", kind: "integer", minimum: 1, commands: training,
    help: "poly schedule: steps until the rate is 0; without it, those of the source training" },
  { key: "gamma", group: "training", kind: "number", default: 0.1, minimum: 0, commands: training,
    help: "step schedule: factor by which the learning rate is multiplied, again and again" },
  { key: "every", group: "training", kind: "integer", minimum: 1, commands: training,
    help: "step schedule: steps between two such factors; without it, a third of the source training" },
  { key: "warm-up", group: "training", kind: "integer", default: 100, minimum: 0, commands: training,
    help: "first steps of the source training, in which the learning rate rises" },
  { key: "rounds", group: "method", kind: "integer", default: 3, minimum: 1, commands: adapting, freeOnResume: true,
    help: "rounds of self-training: each labels the target, then trains on the labels" },
  { key: "epochs", group: "method", kind: "integer", default: 1, minimum: 1, commands: adapting,
    help: "passes over the images of a round" },
  { key: "learning-rate", group: "method", kind: "numbers", default: [0.0002], minimum: 0, commands: adapting,
    help: "learning rate of each round, with commas between; or that of the first round only" },
  { key: "rate-decay", group: "method", kind: "text", default: "sqrt2", choices: ["constant", "sqrt2"],
    commands: adapting,
    help: "learning rate of later rounds, where only the first is given: the same, or divided by √2 each time" },
  { key: "policy", group: "method", kind: "text", default: "cbst", choices: ["cbst", "st"],
    commands: [...adapting, "select"], differs: { select: { choices: ["cbst", "st", "lrent"] } },
    help: "a threshold for each class (cbst), or one for all (st)" },
  { key: "rule", group: "method", kind: "text", default: "crst", choices: ["crst", "mxnet"],
    commands: [...adapting, "select"],
    help: "how the rank of a threshold is counted: as in the released code of CRST, or of CBST in MXNet" },
  { key: "stride", group: "method", kind: "integer", default: 1, minimum: 1,
    commands: [...adapting, "select"], differs: { select: { default: 4 } },
    help: "rank only every n-th pixel of a class in an image; 1 ranks all" },
  { key: "target-portion", group: "method", kind: "number", default: 0.2, minimum: 0, maximum: 1, commands: adapting,
    help: "share of the pixels predicted as a class that are labelled in round 1, 0 to 1" },
  { key: "target-portion-step", group: "method", kind: "number", default: 0.05, minimum: 0, commands: adapting,
    help: "growth of that share from round to round" },
  { key: "target-portion-max", group: "method", kind: "number", default: 0.5, minimum: 0, maximum: 1,
    commands: adapting,
    help: "largest value of that share" },
  { key: "source-portion", group: "method", kind: "number", minimum: 0, maximum: 1, commands: adapting,
    help: "share of the source images that round 1 trains on, 0 to 1; instead of --source-images" },
  { key: "source-portion-step", group: "method", kind: "number", default: 0.0025, minimum: 0, commands: adapting,
    help: "growth of that share from round to round" },
  { key: "source-portion-max", group: "method", kind: "number", default: 0.06, minimum: 0, maximum: 1,
    commands: adapting,
    help: "largest value of that share" },
  { key: "source-images", group: "method", kind: "integer", default: 80, unless: "source-portion", minimum: 0,
    commands: adapting,
    help: "source images that a round trains on" },
  { key: "target-images", group: "method", kind: "integer", words: ["all"], default: 240, earlier: "all", minimum: 0,
    commands: adapting,
    help: "target images that a round trains on, or all" },
  { key: "repeat-images", group: "method", kind: "flag", default: true, earlier: false, commands: adapting,
    help: "take images several times in a round that trains on more than there are" },
  { key: "source-choice", group: "method", kind: "text", default: "redrawn", choices: ["redrawn", "nested"],
    commands: adapting,
    help: "source images of a round: drawn anew, or nested: those of the round before and more" },
  { key: "spatial-prior", group: "method", kind: "flag", default: true, commands: adapting,
    help: "multiply probabilities by how frequent the class is at that place in the source" },
  { key: "mining", group: "method", kind: "text", default: "reference", choices: ["off", "crst", "mxnet", "reference"],
    commands: adapting,
    help: "crops around rare classes, as in CRST, in CBST's MXNet code, or of both kinds of images (reference)" },
  { key: "mining-domains", group: "method", kind: "text", default: "both", choices: ["source", "target", "both"],
    commands: adapting,
    help: "images in which such crops are placed" },
  { key: "mining-chance", group: "method", kind: "number", default: 0.8, minimum: 0, maximum: 1, commands: adapting,
    help: "share of the crops that are placed so, 0 to 1" },
  { key: "scales", group: "labels", kind: "numbers", default: [1], minimum: 0.01, maximum: 100, commands: networks,
    help: "scales at which the network sees an image, with commas between; the results are averaged" },
  { key: "flip", group: "labels", kind: "flag", default: false, commands: networks,
    help: "let the network see the mirrored image too, and average" },
  { key: "average", group: "labels", kind: "text", default: "probabilities", choices: ["probabilities", "logits"],
    commands: networks,
    help: "what is averaged over scales and mirrored images" },
  { key: "absent", group: "labels", kind: "text", default: "null", choices: ["null", "zero"],
    commands: [...training, "evaluate"],
    help: "score of a class that is neither in the labels nor predicted: none (null) or 0 (zero)" },
  { key: "control", group: "method", kind: "flag", default: false, commands: adapting,
    help: "train on source images only, as a run to compare with" },
  { key: "town-images", group: "data", kind: "integer", default: 120, minimum: 1, commands: [...training, "synth"],
    help: "training images of each built-in town" },
  { key: "town-size", group: "data", kind: "size", default: "96x192", commands: [...training, "synth"],
    help: "height x width in pixels of the built-in towns' images" },
  { key: "adapter", group: "output", kind: "text", placeholder: "NAME|NUMBER", ofOneStart: true,
    commands: [...networks, "select", "bench", "tune", "doctor"],
    help: "GPU to run on, by its number or a part of its name; crosswalk doctor lists them" },
  { key: "class-weights", group: "training", kind: "path", words: ["balanced"], commands: training,
    help: "weights of the classes in the loss: balanced (rare classes count more), or a JSON file; without it, all 1" },
  { key: "label-batch", group: "labels", kind: "integer", default: 4, minimum: 1, commands: [...training, "evaluate"],
    freeOnResume: true,
    help: "images that are labelled or scored together" },
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

/** The options of a command, with the properties that they have there. */
export function optionsOf(command: Command): Option[] {
  return options.filter(({ commands }) => commands.includes(command))
    .map((option) => ({ ...option, ...option.differs?.[command] }));
}

/** Whether a command reads recipes. */
export function readsRecipes(command: Command): boolean {
  return options.some(({ key, commands }) => key === "config" && commands.includes(command));
}

/** The commands that read an option from a recipe: not those to which it is a path. */
export function recipeCommands({ commands, differs = {} }: Option): readonly Command[] {
  return commands.filter((command) => readsRecipes(command) && differs[command]?.kind === undefined);
}

/** Why an option may not stand in a recipe, as the end of a sentence that begins with its name; `null` if it may. */
export function recipeObstacle({ key, kind, words, ofOneStart, commands }: Option): string | null {
  if (kind === "paths" || (kind === "path" && words === undefined)) {
    return `a path, which belongs on the command line: --${key}`;
  }
  if (ofOneStart) return `which is not of the run but of one start. It belongs on the command line: --${key}`;
  return commands.some(readsRecipes) ? null : `an option of ${commands.join(" and ")}, which reads no recipe`;
}

/** All texts that some command allows for an option; absent if every text is allowed. */
export function allChoices({ choices, differs = {} }: Option): readonly string[] | undefined {
  const more = Object.values(differs).flatMap((different) => different.choices ?? []);
  return choices === undefined ? undefined : [...new Set([...choices, ...more])];
}
