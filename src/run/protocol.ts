/**
 * How scores came about: all that decides about a figure beside the weights, so that it can be compared with others. It is
 * printed with every result and stands in `result.json`.
 *
 * @module
 */

import { labelSetNames } from "../data/label_set_names.ts";
import { labelSet } from "../data/label_sets.ts";
import type { PointRule } from "../ops/scans/backproject.ts";
import type { RunShapes, Shapes } from "../data/shapes.ts";
import { isExact, type Size } from "../data/size.ts";
import type { ViewOptions } from "../selftraining/views.ts";

/** What scores were counted on, and how the network saw it. */
export interface Protocol {
  /** The split that was scored; `null` where nothing was. */
  readonly split: string | null;
  /** How many images were scored. */
  readonly images: number;
  /**
   * Sizes of the label maps, in which pixels were counted, with how many maps have each: `{"1024x2048": 500}`. Empty where
   * scans were scored.
   */
  readonly labelSizes: Readonly<Record<string, number>>;
  /** LiDAR scans: how many points they have. */
  readonly points?: number;
  /** LiDAR scans: how points that their pixel does not show got a label. */
  readonly post?: PointRule;
  /** Size at which the network saw images: `512x1024`, `short side 512`, or `own`. */
  readonly imageSize: string;
  /** Scales of the image whose predictions were averaged. */
  readonly scales: readonly number[];
  /** Whether mirrored images were averaged in. */
  readonly flip: boolean;
  /** What was averaged. */
  readonly average: ViewOptions["average"];
  /** How a class without a pixel counts. */
  readonly absent: "null" | "zero";
  /** How many classes were scored. */
  readonly classes: number;
  /** The built-in label set of these classes; `null` if they are another's. */
  readonly labelSet: string | null;
  /** The round whose network is scored as the result; `null` where there are no rounds. */
  readonly round: number | null;
  /** How that round was chosen; `null` where there are no rounds. */
  readonly chosen: string | null;
}

/** What a protocol is made from. */
export interface ProtocolParts {
  readonly split: string | null;
  /** Size of the label map of each scored image. */
  readonly labelSizes: readonly (Size | null)[];
  readonly shapes: Pick<RunShapes | Shapes, "size">;
  readonly views: ViewOptions;
  readonly absent: "null" | "zero";
  readonly classes: readonly string[];
  /** LiDAR scans: how points got the labels of pixels. Default: these are no scans. */
  readonly pointRule?: PointRule | undefined;
  readonly round?: { readonly number: number; readonly chosen: string };
}

/** The protocol of some scores. */
export function protocolOf(parts: ProtocolParts): Protocol {
  const { split, labelSizes, shapes, views, absent, classes, pointRule, round } = parts;
  const sizes: Record<string, number> = {};
  for (const size of pointRule === undefined ? labelSizes : []) {
    if (size !== null) sizes[sizeKey(size)] = (sizes[sizeKey(size)] ?? 0) + 1;
  }
  const known = labelSetNames.find((name) => labelSet(name).classes.join("\n") === classes.join("\n"));
  const { size } = shapes;
  return {
    ...{ split, images: labelSizes.length, labelSizes: sizes },
    ...(pointRule === undefined ? {} : {
      points: labelSizes.reduce((sum, size) => sum + (size?.height ?? 0), 0),
      post: pointRule,
    }),
    imageSize: isExact(size) ? sizeKey(size) : size === null ? "own" : `short side ${size.shortSide}`,
    ...{ scales: [...views.scales], flip: views.flip, average: views.average, absent },
    ...{ classes: classes.length, labelSet: known ?? null },
    ...{ round: round?.number ?? null, chosen: round?.chosen ?? null },
  };
}

/** A size as a key of JSON: `1024x2048`. */
function sizeKey({ height, width }: Size): string {
  return `${height}x${width}`;
}

/** Most sizes of label maps that are named. */
const namedSizes = 3;

function averageText(average: ViewOptions["average"]): string {
  return average === "maximum" ? "maximum of probabilities" : `mean of ${average}`;
}

const postTexts: Readonly<Record<PointRule, string>> = {
  nearest: "the pixel nearest in range",
  none: "their own pixel",
  knn: "the vote of five pixels",
};

/** A protocol in one line. */
export function protocolText(protocol: Protocol): string {
  const { split, images, labelSizes, imageSize, scales, flip, average, absent, classes, labelSet: set } = protocol;
  if (split === null) return "protocol: nothing was scored";
  const sizes = Object.entries(labelSizes).sort(([, a], [, b]) => b - a);
  const named = sizes.slice(0, namedSizes).map(([size]) => size).join(", ");
  const more = sizes.length > namedSizes ? ` and ${sizes.length - namedSizes} more sizes` : "";
  const views = scales.length > 1 || flip
    ? `scales ${scales.join(", ")}${flip ? " with mirror images" : ""}, ${averageText(average)}`
    : `scale ${scales.join()}`;
  const { points, post } = protocol;
  const scored = points === undefined || post === undefined
    ? [
      `protocol: split ${split}, ${images} image${images === 1 ? "" : "s"}, labels ${named}${more}`,
      `images at ${imageSize === "own" ? "their own size" : imageSize}, ${views}`,
    ]
    : [
      `protocol: split ${split}, ${images} scan${images === 1 ? "" : "s"} of ${points} points`,
      `range images of ${imageSize}, ${views}, points by ${postTexts[post]}`,
    ];
  return [
    ...scored,
    `${classes} classes${set === null ? "" : ` (${set})`}${absent === "zero" ? ", absent ones count as 0" : ""}`,
    ...protocol.round === null ? [] : [`after round ${protocol.round}, ${protocol.chosen}`],
  ].join("; ");
}
