/**
 * What a run leaves for its report while it goes on: its facts, and the layers of the images that are pictured.
 *
 * @module
 */

import { resolve } from "node:path";
import { defaultPalette } from "../../data/dataset.ts";
import type { ClassMap } from "../../data/class_map.ts";
import type { Network } from "../../nn/network.ts";
import { variantText } from "../../nn/variant.ts";
import type { Color } from "../../report/picture.ts";
import { shapesText } from "../../settings/working_sizes.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { RunContext, RunData } from "../context.ts";
import { pictured } from "../pictures.ts";
import { programVersion } from "../program_version.ts";
import { ImageLayers, type Layers } from "./layers.ts";
import { readSketch, type RunSketch, writeSketch } from "./run_sketch.ts";
import { ScanLayers } from "./scan_layers.ts";

/** The classes that are scored and those of the network, with their colours. */
export function reportClasses(
  { metadata }: Pick<Network, "metadata">,
  merge: ClassMap | undefined,
  palettes: { readonly own: readonly Color[]; readonly scored: readonly Color[] },
): Pick<RunSketch, "classes" | "labelClasses" | "merge"> {
  const colored = (names: readonly string[], palette: readonly Color[]) => {
    const others = defaultPalette(names.length);
    return names.map((name, id) => {
      const [red, green, blue] = palette[id] ?? others[id] ?? [0, 0, 0];
      return { name, color: [red, green, blue] satisfies [number, number, number] };
    });
  };
  const labelClasses = colored(metadata.classes, metadata.palette ?? palettes.own);
  if (merge === undefined) return { classes: labelClasses, labelClasses, merge: null };
  return { classes: colored(merge.toClasses, palettes.scored), labelClasses, merge: [...merge.toId] };
}

/** The adapter's name, and whether it is software. */
export function adapterText({ info, kind }: Pick<Gpu, "info" | "kind">): string {
  return `${info.description || info.vendor}${kind.software ? " (software)" : ""}`;
}

/** The network's name, and how it differs from the plain one of that name. */
export function networkText({ model: { name, variant } }: Pick<Network, "model">): string {
  const text = variant === undefined ? "{}" : variantText(variant);
  return text === "{}" ? name : `${name} ${text}`;
}

/** When a run began: now, or when its first start did. */
function startOf({ folder }: Pick<RunContext, "folder">): string {
  const first = folder.holdsRun ? readSketch(folder.path) : null;
  return first?.started ?? new Date().toISOString();
}

/** Records a run. */
export class RunRecorder {
  readonly #layers: Layers;
  readonly #sketch: RunSketch;

  /**
   * Records the facts of a run that begins, or goes on.
   *
   * @param stages the training stages and their steps.
   */
  constructor(
    readonly context: RunContext,
    data: RunData,
    kind: "adapt" | "train",
    stages: RunSketch["stages"],
  ) {
    const { gpu, network, settings, folder, shapes, merge, loader } = context;
    const adapts = kind === "adapt";
    const classes = reportClasses(network, merge, { own: data.source.palette, scored: data.target.palette });
    const split = adapts ? data.targetSplit : data.evaluationSplit ?? data.sourceSplit;
    const items = pictured(split.items);
    const layerContext = { gpu, network, loader, settings, shapes, merge, folder: folder.path };
    const labelled = adapts && !settings.isOn("control")
      ? (round: number) => folder.labelledItems(round, items, network.classCount, network.metadata.classes)
      : null;
    this.#layers = network.model.takes.scans === undefined
      ? new ImageLayers(layerContext, items, labelled)
      : new ScanLayers(layerContext, items, classes.classes.map(({ color }) => color), labelled);
    const earlier = adapts ? settings.get("run") : undefined;
    this.#sketch = {
      ...{ kind, started: startOf(context), version: programVersion().version, ...classes, stages },
      ...{ network: networkText(network), adapter: adapterText(gpu), size: shapesText(shapes), peakBytes: null },
      ...earlier === undefined ? {} : { run: resolve(earlier) },
      images: {
        source: data.sourceSplit.items.length,
        ...adapts ? { target: data.targetSplit.items.length } : {},
        ...data.evaluationSplit === null ? {} : { evaluation: data.evaluationSplit.items.length },
      },
    };
    writeSketch(folder.path, this.#sketch);
  }

  /** Records what the network predicts after a round. */
  async network(round: number): Promise<void> {
    await this.#drawing(() => this.#layers.network(round));
  }

  /** Records the pseudo-labels of a round. */
  async labels(round: number): Promise<void> {
    await this.#drawing(() => this.#layers.labels(round));
  }

  /** Records what is known at the end. */
  end(): void {
    writeSketch(this.context.folder.path, { ...this.#sketch, peakBytes: this.context.gpu.peakBytes });
  }

  /** What is drawn counts as scoring, which takes as much memory. */
  async #drawing(draw: () => Promise<void>): Promise<void> {
    this.context.profile.enter("evaluation");
    await draw();
    this.context.profile.enter("other");
  }
}
