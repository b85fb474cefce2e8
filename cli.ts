/**
 * The command line: `crosswalk <command> [options]`. Each command's code is loaded when it is called.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import configuration from "./deno.json" with { type: "json" };
import { InterruptedError, ReasonedError, UsageError } from "./src/errors.ts";
import { requireOpenFiles } from "./src/disk/open_files.ts";
import { adviceOn, messageOf } from "./src/cli/advice.ts";
import { type CommandHelp, helpText } from "./src/cli/help.ts";
import { terminal } from "./src/report/terminal.ts";
import { stopSignals } from "./src/run/interruption.ts";
import { suggestion } from "./src/settings/settings.ts";

/** What a command's file exports: `run` returns the exit code. */
interface CommandModule {
  readonly run: (args: readonly string[]) => Promise<number>;
}

interface CommandEntry extends CommandHelp {
  readonly load: () => Promise<CommandModule>;
}

const commands: readonly CommandEntry[] = [
  {
    command: "adapt",
    summary: "adapt a network from labelled source images to unlabelled target images",
    examples: [
      "crosswalk adapt",
      "crosswalk adapt --source idd --target photos --source-model source.safetensors --out run",
      "crosswalk adapt --source idd --target camvid --out run",
    ],
    load: () => import("./src/cli/adapt.ts"),
  },
  {
    command: "train",
    summary: "train a network on labelled source images",
    examples: [
      "crosswalk train --out run",
      "crosswalk train --source idd --weights imagenet.safetensors --size 240x320",
    ],
    load: () => import("./src/cli/train.ts"),
  },
  {
    command: "evaluate",
    summary: "score a network on a labelled split",
    examples: [
      "crosswalk evaluate --weights run/weights.safetensors --data camvid --split val",
      "crosswalk evaluate --weights w.safetensors --data camvid --split test --json",
    ],
    load: () => import("./src/cli/evaluate.ts"),
  },
  {
    command: "predict",
    summary: "label images and draw the labels over them",
    examples: [
      "crosswalk predict --weights run/weights.safetensors --images street.jpg --out labels",
      "crosswalk predict --weights w.safetensors --images photos --logits --out labels",
    ],
    load: () => import("./src/cli/predict.ts"),
  },
  {
    command: "select",
    summary: "choose pseudo-labels from probability maps",
    examples: [
      "crosswalk select --probabilities p.npy --portion 0.2 --out labels",
      "crosswalk select --probabilities a.npy b.npy --policy st --format npy --out labels",
    ],
    load: () => import("./src/cli/select.ts"),
  },
  {
    command: "synth",
    summary: "write the built-in towns, in pictures or in LiDAR scans, as data sets",
    examples: [
      "crosswalk synth --out towns",
      "crosswalk synth --out towns --town-images 40 --seed 3",
      "crosswalk synth --built-in lidar --out scans --town-images 40",
    ],
    load: () => import("./src/cli/synth.ts"),
  },
  {
    command: "convert",
    summary: "rewrite a weight file of PyTorch, MXNet or our own, with our names or those of the papers' code",
    examples: [
      "crosswalk convert --weights gta_resnet101.pth --label-set cityscapes-19 --out gta.safetensors",
      "crosswalk convert --weights run/weights.safetensors --names original --out crst.safetensors",
    ],
    load: () => import("./src/cli/convert.ts"),
  },
  {
    command: "export",
    summary: "write a page that labels pictures in a browser, or adapts a network there (--studio)",
    examples: [
      "crosswalk export --web site --weights run/weights.safetensors",
      "crosswalk export --web site --weights w.safetensors --source-model source.safetensors --dtype f16",
      "crosswalk export --web studio --studio",
    ],
    load: () => import("./src/cli/export.ts"),
  },
  {
    command: "report",
    summary: "rebuild the report of a run from its folder, or compare several runs",
    examples: [
      "crosswalk report run",
      "crosswalk report run --control-run control --tensorboard",
      "crosswalk report seed0 seed1 seed2 --out comparison.html",
    ],
    load: () => import("./src/cli/report.ts"),
  },
  {
    command: "recipes",
    summary: "list the recipes that come with the program, with the published figures that they are made for",
    examples: ["crosswalk recipes", "crosswalk recipes --json"],
    load: () => import("./src/cli/recipes.ts"),
  },
  {
    command: "rank-images",
    summary: "write a class-balanced choice of target images, one path a line",
    examples: [
      "crosswalk rank-images --weights w.safetensors --target cityscapes --count 505 --out chosen.txt",
      "crosswalk adapt --source gta5 --target cityscapes --list chosen.txt --out run",
      "crosswalk rank-images --weights w.safetensors --target photos --count 50 --out chosen.txt --json",
    ],
    load: () => import("./src/cli/rank_images.ts"),
  },
  {
    command: "project",
    summary: "write the range images of LiDAR scans, as arrays and as pictures",
    examples: [
      "crosswalk project --scans a.bin b.pcd.bin --out ranges",
      "crosswalk project --scans sequences/08/velodyne --size 64x1024 --out ranges",
      "crosswalk project --scans a.bin --sensor sensor.json --out ranges --json",
    ],
    load: () => import("./src/cli/project.ts"),
  },
  {
    command: "inspect",
    summary: "look at data sets: layout, splits, classes, and every file that cannot be used",
    examples: ["crosswalk inspect cityscapes", "crosswalk inspect gta5 cityscapes --json --sheet sheet.png"],
    load: () => import("./src/cli/inspect.ts"),
  },
  {
    command: "bench",
    summary: "measure: kernels, step, select, memory, overhead or growth; without a part, the first four",
    examples: [
      "crosswalk bench step --against tfjs,jax --json",
      "crosswalk bench step --network deeplabv2-resnet101 --size 512x1024 --label-size 1024x2048 --against pytorch",
      "crosswalk bench growth --plot growth.svg",
    ],
    load: () => import("./src/cli/bench.ts"),
  },
  {
    command: "tune",
    summary: "time the convolutions' schedules on this adapter and keep the fastest for later runs",
    examples: ["crosswalk tune", "crosswalk tune --size 480x640 --batch 2 --minutes 30 --json"],
    load: () => import("./src/cli/tune.ts"),
  },
  {
    command: "doctor",
    summary: "look at the adapter and test every kernel on it",
    examples: ["crosswalk doctor", "crosswalk doctor --json"],
    load: () => import("./src/cli/doctor.ts"),
  },
];

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    terminal.print(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    terminal.print(`crosswalk ${configuration.version}`);
    return 0;
  }
  const entry = commands.find(({ command }) => command === name);
  if (entry === undefined) {
    throw new UsageError(`There is no command "${name}". ${suggestion(name, commands.map(({ command }) => command))}`);
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    terminal.print(helpText(entry));
    return 0;
  }
  requireOpenFiles(10 + 4 * navigator.hardwareConcurrency, fileURLToPath(import.meta.url));
  return await (await entry.load()).run(rest);
}

function overview(): string {
  const rows = commands.map(({ command, summary }) => `  ${command.padEnd(13)}${summary}`);
  return [
    "crosswalk: class-balanced self-training on WebGPU",
    "",
    "Commands:",
    ...rows,
    "",
    "crosswalk <command> --help tells a command's options, crosswalk --version the version",
  ].join("\n");
}

/** Prints what went wrong in a command, and what to do about it; returns the exit code. */
function report(error: unknown, name: string | undefined): number {
  const command = commands.find((entry) => entry.command === name)?.command;
  const advice = command === undefined ? "" : adviceOn(error, command);
  const isDebugging = process.env.CROSSWALK_DEBUG !== undefined && error instanceof Error;
  terminal.endBar();
  terminal.say(isDebugging ? `${error.stack}` : `crosswalk: ${messageOf(error)}${advice && `. ${advice}`}`);
  if (error instanceof InterruptedError) return 130;
  const isUsage = error instanceof UsageError ||
    (error instanceof ReasonedError && (error.reason === "no such adapter" || error.reason === "unknown label set"));
  return isUsage ? 2 : 1;
}

if (import.meta.main) {
  const [name] = process.argv.slice(2);
  const fail = (error: unknown) => process.exit(report(error, name));
  // However the program ends, the bar's line ends before.
  process.on("exit", () => terminal.endBar());
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  // A command ends at once, unless it listens itself and stops at a checkpoint.
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(130);
    });
  }
  process.exit(await main(process.argv.slice(2)).catch((error) => report(error, name)));
}
