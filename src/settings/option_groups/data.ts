/**
 * Which data a command reads.
 *
 * @module
 */

import { layoutNames } from "../../data/layouts/names.ts";
import { builtInNames } from "../built_in_recipes.ts";
import { adapting, networks, type OptionShape, training } from "../option_shape.ts";

/** The options of this group. */
// deno-fmt-ignore
export const dataOptions = [
  { key: "source", group: "data", kind: "path", commands: [...training, "export"],
    differs: { export: { help: "with --studio: data set whose images with labels the page learns from; without it, the built-in source town" } },
    help: "data set with labels to learn from; without it, the built-in towns" },
  { key: "target", group: "data", kind: "path", commands: [...adapting, "rank-images"],
    differs: { "rank-images": { help: "data set or plain folder of photos to choose from; its labels are not looked at" } },
    help: "data set or plain folder of photos to adapt to; its labels, if it has any, only give scores" },
  { key: "data", group: "data", kind: "path", commands: [...training, "evaluate"],
    differs: {
      adapt: { help: "data set of which a part counts as labelled (--labelled): that is the source, the rest the target" },
      train: { help: "data set to learn from, in the place of --source; of a part of it with --labelled" },
    },
    help: "data set with labels to score on" },
  { key: "labelled", group: "data", kind: "path", placeholder: "SHARE|FILE", orShare: true, words: ["scribbles"], commands: training,
    help: "which images of --data count as labelled: a share, such as 0.1, of them, drawn by --seed; or those that a text file names, a path or a name a line; or scribbles: all of them, each in part, and adapted to where it has no label" },
  { key: "split", group: "data", kind: "text", default: "val", commands: ["evaluate"],
    help: "split of the data set to score on" },
  { key: "source-split", group: "data", kind: "text", default: "train", commands: [...training, "export"],
    help: "split of the source to train on" },
  { key: "target-split", group: "data", kind: "text", default: "train", commands: [...adapting, "rank-images"],
    differs: { "rank-images": { help: "split of the target to choose from" } },
    help: "split of the target to adapt to" },
  { key: "eval-split", group: "data", kind: "text", default: "val", commands: training,
    help: "split to score on, of the target; where there is no target, of the source" },
  { key: "dir", group: "data", kind: "paths", placeholder: "DIR…", positional: true, commands: ["inspect"],
    help: "data sets, folders of images or lists to look at" },
  { key: "run-folders", group: "data", kind: "paths", placeholder: "RUN…", positional: true, commands: ["report"],
    help: "folders of runs of adapt or train, finished or not, or of evaluate --out" },
  { key: "layout", group: "data", kind: "text", choices: layoutNames,
    commands: [...training, "evaluate", "inspect", "rank-images"],
    differs: {
      inspect: { help: "how the files of the data sets lie; without it, that is told by what is in each folder" },
      train: { help: "how the files of the source lie; without it, that is told by what is in the folder" },
      evaluate: { help: "how the files of the data set lie; without it, that is told by what is in the folder" },
    },
    help: "how the files of the target lie; without it, that is told by what is in the folder" },
  { key: "source-layout", group: "data", kind: "text", choices: layoutNames, commands: [...adapting, "export"],
    help: "how the files of the source lie; without it, that is told by what is in the folder" },
  { key: "list", group: "data", kind: "path", commands: [...training, "evaluate", "rank-images"],
    differs: {
      "rank-images": { help: "text file that selects the images to choose from, a path or a name a line" },
      train: { help: "text file that selects images of the source's split, a path or a name a line" },
      evaluate: { help: "text file that selects images of the split, a path or a name a line" },
    },
    help: "text file that selects images of the target's split, a path or a name a line" },
  { key: "scans", group: "data", kind: "paths", commands: ["project"],
    help: "LiDAR scans, .bin or .pcd.bin, or folders of them" },
  { key: "sensor", group: "data", kind: "path", words: ["kitti", "nuscenes"], commands: ["project"],
    placeholder: "kitti|nuscenes|FILE",
    help: "the sensor, or a JSON file with its rows, columns, rule, up, down and nearest; without it, that of a sensor.json in the scan's data set, else nuscenes for .pcd.bin and kitti for others" },
  { key: "count", group: "data", kind: "integer", minimum: 1, commands: ["rank-images"],
    help: "how many images to choose" },
  { key: "source-list", group: "data", kind: "path", commands: [...adapting, "export"],
    help: "text file that selects images of the source's split, a path or a name a line" },
  { key: "class-map", group: "data", kind: "path", commands: [...training, "evaluate", "export"],
    help: "JSON file that translates the classes of a data set into those of the network, or the network's into those that are scored; between known label sets a map is found by names" },
  { key: "images", group: "data", kind: "paths", commands: ["predict"],
    help: "image files, or folders of images, to label" },
  { key: "max-pixels", group: "data", kind: "integer", default: 100_000_000, minimum: 1,
    commands: [...networks, "inspect", "project"],
    ofOneStart: true,
    differs: { project: { help: "how many points a scan may have; a larger one is refused before memory is taken" } },
    help: "how many pixels an image's header may claim; a larger image is refused before memory is taken" },
  { key: "skip-broken", group: "data", kind: "flag", default: false, commands: ["adapt", "train", "evaluate"],
    help: "leave out labelled images that cannot be used, or whose labels cannot, and say which" },
  { key: "prior", group: "data", kind: "path", commands: [...adapting, "select"],
    differs: { adapt: { help:
      "spatial prior instead of that of the source: .npy file of floats, [C,H,W] at any size; implies --spatial-prior" } },
    help: "spatial prior: .npy file of floats, [C,H,W] at any size" },
  { key: "size", group: "data", kind: "size", unless: "short-side",
    commands: [...networks, "tune", "bench", "project"],
    differs: {
      tune: { default: "240x320", help: "height x width in pixels of the images" },
      project: { help: "rows x columns of the range images; without it, those of the sensor" },
      bench: { group: "measurement", help: "bench step --network: height x width in pixels of a step's images" },
    },
    help: "height x width in pixels of what the network sees, to which images are stretched; without it they keep their shape" },
  { key: "short-side", group: "data", kind: "integer", words: ["own"], minimum: 1, unless: "size", commands: networks,
    help: "shorter side of images, which keep their shape, in pixels, or that of each (own); without it, that of the " +
      "weights' size, else their own, in adapt that of the source" },
  { key: "built-in", group: "data", kind: "text", default: "towns", choices: builtInNames, commands: [...training, "synth"],
    differs: { synth: { help:
      "what to write: pictures of two towns, LiDAR scans of 64 beams, or scans of 64 and of 32 beams" } },
    help: "the data if none is given: pictures of two towns, LiDAR scans of which a part is labelled, or scans of a " +
      "sensor with labels and of another without" },
  { key: "town-images", group: "data", kind: "integer", default: 120, minimum: 1, commands: [...training, "synth"],
    help: "training images, or scans, of each built-in town" },
  { key: "town-size", group: "data", kind: "size", default: "96x192", commands: [...training, "synth"],
    help: "height x width in pixels of the built-in towns' images" },
] as const satisfies readonly OptionShape[];
