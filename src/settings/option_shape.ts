/**
 * What an option is: the properties of an entry in `option_groups/`.
 *
 * @module
 */

/** The commands that take options. */
export type Command =
  | "adapt"
  | "train"
  | "evaluate"
  | "predict"
  | "select"
  | "synth"
  | "inspect"
  | "rank-images"
  | "project"
  | "convert"
  | "export"
  | "report"
  | "recipes"
  | "bench"
  | "tune"
  | "doctor";

/** What an option's value looks like. */
export type OptionKind = "flag" | "number" | "integer" | "text" | "numbers" | "size" | "bytes" | "path" | "paths";

/** What an option is about; `--help` shows the options of a group together. */
export type OptionGroup = "data" | "network" | "method" | "training" | "labels" | "output" | "measurement";

/** One entry of the table. */
export interface OptionShape {
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
  /** Whether a share from 0 to 1 may be given in the place of a path. */
  readonly orShare?: boolean;
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
  /** Whether values may stand without the option's name, as in `crosswalk inspect DIR`. Only for the kind `paths`. */
  readonly positional?: boolean;
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

/** The commands that train. */
export const training: readonly Command[] = ["adapt", "train"];
/** The commands that adapt. */
export const adapting: readonly Command[] = ["adapt"];
/** The commands that run a network on images. */
export const networks: readonly Command[] = ["adapt", "train", "evaluate", "predict", "rank-images"];
/** The commands that take a network's weights from a file. */
export const weighing: readonly Command[] = [...networks, "convert", "export"];
