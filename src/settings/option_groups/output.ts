/**
 * The run and what it writes.
 *
 * @module
 */

import { adapting, networks, type OptionShape, training } from "../option_shape.ts";

const runFolderHelp = "folder for the results; without it, a new one in runs/";

/** The options of this group. */
// deno-fmt-ignore
export const outputOptions = [
  { key: "config", group: "output", kind: "path", commands: [...networks, "select", "synth", "export"], freeOnResume: true,
    help: "recipe: a YAML file of options, or the name of one of crosswalk recipes; an option given beside it wins" },
  { key: "set", group: "output", kind: "text", placeholder: "KEY=VALUE", ofOneStart: true,
    commands: [...networks, "select", "synth", "export"],
    help: "the value of a recipe's key, as --KEY VALUE gives it; several with commas between, or given again" },
  { key: "out", group: "output", kind: "path", commands: [...training, "predict", "select", "synth", "convert", "rank-images", "project", "evaluate", "report"],
    ofOneStart: true,
    differs: { "rank-images": { help: "text file to write, a path of an image a line" },
      adapt: { help: runFolderHelp }, train: { help: runFolderHelp },
      evaluate: { help: "folder for result.json, the report and its pictures; without it, scores are printed only" },
      report: { help: "HTML file to write; without it, report.html in the folder of the run, or here for several" },
      convert: { help: "safetensors file to write; without it, the table of tensors is printed only" } },
    help: "folder for the results" },
  { key: "web", group: "output", kind: "path", commands: ["export"],
    help: "folder for the page: a new or an empty one, or one that export wrote" },
  { key: "studio", group: "output", kind: "flag", commands: ["export"],
    help: "also a page that adapts a network in the browser; without weights and source, deeplab-nano and the built-in towns" },
  { key: "title", group: "output", kind: "text", commands: ["export"],
    help: "title of the page; without it, Crosswalk and the network's name" },
  { key: "resume", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "go on with the run in the folder of --out, from its last checkpoint" },
  { key: "override", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "with --resume: go on though options, data, adapter or program are others than at the start; that is recorded" },
  { key: "logits", group: "output", kind: "flag", commands: ["predict", "select"],
    differs: { select: { kind: "paths", group: "data",
      help: "logits in .npy files of the same form, as predict --logits writes them; instead of --probabilities" } },
    help: "also write the network's logits as NAME.npy" },
  { key: "probabilities", group: "output", kind: "flag", commands: ["predict", "select"],
    differs: { select: { kind: "paths", group: "data",
      help: "probability maps: .npy files of floats, [N,C,H,W] or [C,H,W], as predict --probabilities writes them" } },
    help: "also write the probability of each class of the network as NAME.probabilities.npy, at the image's own size" },
  { key: "control-run", group: "output", kind: "path", commands: [...adapting, "report"], ofOneStart: true,
    help: "folder of a finished control run; the table and the report then show the gain over it" },
  { key: "tensorboard", group: "output", kind: "flag", commands: [...training, "report"], ofOneStart: true,
    help: "also write the log, the scores and the pictures as an event file of TensorBoard, into the run's folder" },
  { key: "plan", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print how much GPU memory each stage of the run takes, then stop" },
  { key: "serve", group: "output", kind: "text", placeholder: "ADDRESS", commands: training, ofOneStart: true,
    help: "show the run in a browser while it goes on: a port, such as 8080, on this computer alone, or host:port; 0 is any free port" },
  { key: "profile", group: "output", kind: "flag", commands: training, ofOneStart: true,
    help: "print at the end where the time went, by stage and kernel; also written to profile.json" },
  { key: "memory-budget", group: "output", kind: "bytes", commands: training, ofOneStart: true,
    help: "do not start where the run takes more GPU memory than this, such as 4GiB" },
  { key: "json", group: "output", kind: "flag",
    commands: [...networks, "select", "bench", "tune", "doctor", "synth", "convert", "export", "recipes", "inspect", "project", "report"],
    ofOneStart: true,
    help: "print one JSON object on stdout, and nothing else there" },
  { key: "names", group: "output", kind: "text", default: "ours", choices: ["ours", "original"], commands: ["convert"],
    help: "names of the tensors to write: ours, or those of the papers' code, which PyTorch loads strictly" },
  { key: "plot", group: "output", kind: "path", commands: ["bench"],
    help: "SVG file to draw: the roofline of the kernels, or with bench growth its lines" },
  { key: "submit", group: "output", kind: "flag", commands: ["bench"],
    help: "print one Markdown block to paste into a report, and nothing else" },
  { key: "sheet", group: "output", kind: "path", placeholder: "FILE.png", commands: ["inspect"],
    help: "PNG file to draw: some images of each data set with their labels over them" },
  { key: "adapter", group: "output", kind: "text", placeholder: "NAME|NUMBER", ofOneStart: true,
    commands: [...networks, "select", "bench", "tune", "doctor", "project"],
    help: "GPU to run on, by its number or a part of its name; crosswalk doctor lists them" },
] as const satisfies readonly OptionShape[];
