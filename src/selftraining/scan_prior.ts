/**
 * The spatial prior of LiDAR scans: how often each class stands at each place of the range images. A row is an elevation:
 * the road is low, the tops of trees are high.
 *
 * @module
 */

import type { SampleSource } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Program } from "../graph/program.ts";
import type { ProgramDefinition } from "../graph/program_plan.ts";
import { input } from "../graph/tensor.ts";
import type { ImageKind } from "../nn/image_kind.ts";
import { roomForPoints } from "../nn/scan_ranges.ts";
import { scanGeometryLength } from "../ops/scans/geometry.ts";
import { pointLabels } from "../ops/scans/point_labels.ts";
import { projectScans } from "../ops/scans/project_scans.ts";
import { writeScans } from "./inference.ts";
import { accumulatePrior, type LabelBatch, type SpatialPriorOptions } from "./spatial_prior.ts";

/** What the prior of scans depends on. */
export interface ScanPriorOptions extends Pick<SpatialPriorOptions, "classes" | "size" | "normalization"> {
  /** The most points of a scan. */
  readonly points?: number | undefined;
}

/**
 * Sides of the Gaussian, in parts of the image: those that the 70 pixels of the paper are of an image of 512×1024. In
 * pixels they would be more than all rows of a range image.
 */
const kernelParts = { rows: 70 / 512, columns: 70 / 1024 };

/**
 * The prior `[H, W, C₄]` from the labels of source scans, projected to `size`. The leftmost column is beside the
 * rightmost. The caller frees the buffer.
 */
export function scanPrior<Item>(
  gpu: Gpu,
  takes: ImageKind,
  samples: SampleSource<Item>,
  items: readonly Item[],
  { points = 0, ...options }: ScanPriorOptions,
): Promise<GPUBuffer> {
  const { height, width } = options.size;
  return accumulatePrior(gpu, projectedLabels(gpu, takes, samples, items, { size: options.size, points }), {
    ...options,
    kernel: Math.max(1, Math.round(width * kernelParts.columns)),
    kernelRows: Math.max(1, Math.round(height * kernelParts.rows)),
    isRing: true,
  });
}

/** The labels of range images, scan by scan. */
async function* projectedLabels<Item>(
  gpu: Gpu,
  takes: ImageKind,
  samples: SampleSource<Item>,
  items: readonly Item[],
  { size, points }: { readonly size: Size; readonly points: number },
): AsyncGenerator<LabelBatch> {
  let room = 0;
  let program: Program | null = null;
  try {
    for await (const sample of samples.load(items, { size })) {
      if (sample.labels === null) throw new Error(`Cannot make a spatial prior of ${sample.name}: it has no labels`);
      const needed = roomForPoints(Math.max(points, sample.image.height));
      if (program === null || needed > room) {
        program?.dispose();
        program = null;
        room = needed;
        program = await Program.compile(gpu, projectedLabelsProgram(takes, size, room));
      }
      const view = { size, mirror: false };
      writeScans(program, takes, { samples: [sample], size, labelSize: size, points: room }, { batch: 1, view });
      program.run();
      const [labels] = await gpu.read({ ...program.output("labels"), size: size.height * size.width });
      if (labels !== undefined) yield { images: 1, labels };
    }
  } finally {
    program?.dispose();
  }
}

/** A program that projects the labels of one scan, with room for so many points. */
export function projectedLabelsProgram(takes: ImageKind, size: Size, points: number): ProgramDefinition {
  const rows = takes.input(1, { height: points, width: 1 });
  const geometry = input("geometry", [1, scanGeometryLength], { layout: "plain" });
  const labels = input("labels", [1, points], { dtype: "u8", layout: "plain" });
  return { outputs: { labels: pointLabels(labels, projectScans(rows, geometry, size, { moves: false })) } };
}
