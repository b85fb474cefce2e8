/**
 * The files of `shaders/lib/`, by the name that `#include` uses.
 *
 * @module
 */

import activation from "../../shaders/lib/activation.wgsl" with { type: "text" };
import assignLabels from "../../shaders/lib/assign_labels.wgsl" with { type: "text" };
import assignLabelsMany from "../../shaders/lib/assign_labels_many.wgsl" with { type: "text" };
import assignSoftLabels from "../../shaders/lib/assign_soft_labels.wgsl" with { type: "text" };
import assignSoftLabelsMany from "../../shaders/lib/assign_soft_labels_many.wgsl" with { type: "text" };
import classLanes from "../../shaders/lib/class_lanes.wgsl" with { type: "text" };
import classScoreInputs from "../../shaders/lib/class_score_inputs.wgsl" with { type: "text" };
import classScoresMany from "../../shaders/lib/class_scores_many.wgsl" with { type: "text" };
import topClass from "../../shaders/lib/top_class.wgsl" with { type: "text" };
import topMerged from "../../shaders/lib/top_merged.wgsl" with { type: "text" };
import topMergedMany from "../../shaders/lib/top_merged_many.wgsl" with { type: "text" };
import zones from "../../shaders/lib/zones.wgsl" with { type: "text" };
import zones5 from "../../shaders/lib/zones_5.wgsl" with { type: "text" };
import zones6 from "../../shaders/lib/zones_6.wgsl" with { type: "text" };
import writeScores from "../../shaders/lib/write_scores.wgsl" with { type: "text" };
import writeScoresMany from "../../shaders/lib/write_scores_many.wgsl" with { type: "text" };
import bilinear from "../../shaders/lib/bilinear.wgsl" with { type: "text" };
import crossEntropyProblem from "../../shaders/lib/cross_entropy_problem.wgsl" with { type: "text" };
import crop from "../../shaders/lib/crop.wgsl" with { type: "text" };
import classScores from "../../shaders/lib/class_scores.wgsl" with { type: "text" };
import epilogue from "../../shaders/lib/epilogue.wgsl" with { type: "text" };
import everyPixel from "../../shaders/lib/every_pixel.wgsl" with { type: "text" };
import everyShare from "../../shaders/lib/every_share.wgsl" with { type: "text" };
import everyRow from "../../shaders/lib/every_row.wgsl" with { type: "text" };
import exactAngle from "../../shaders/lib/exact_angle.wgsl" with { type: "text" };
import exactQuotient from "../../shaders/lib/exact_quotient.wgsl" with { type: "text" };
import keepNearest from "../../shaders/lib/keep_nearest.wgsl" with { type: "text" };
import keepNoNearest from "../../shaders/lib/keep_no_nearest.wgsl" with { type: "text" };
import convolutionGeometry from "../../shaders/lib/convolution_geometry.wgsl" with { type: "text" };
import convolutionSizes from "../../shaders/lib/convolution_sizes.wgsl" with { type: "text" };
import depthwiseTiles from "../../shaders/lib/depthwise_tiles.wgsl" with { type: "text" };
import gradientApart from "../../shaders/lib/gradient_apart.wgsl" with { type: "text" };
import gradientInPlace from "../../shaders/lib/gradient_in_place.wgsl" with { type: "text" };
import grid from "../../shaders/lib/grid.wgsl" with { type: "text" };
import inputApart from "../../shaders/lib/input_apart.wgsl" with { type: "text" };
import inputInPlace from "../../shaders/lib/input_in_place.wgsl" with { type: "text" };
import hardLabels from "../../shaders/lib/hard_labels.wgsl" with { type: "text" };
import largestShares from "../../shaders/lib/largest_shares.wgsl" with { type: "text" };
import labelledPixels from "../../shaders/lib/labelled_pixels.wgsl" with { type: "text" };
import lovaszBuckets from "../../shaders/lib/lovasz_buckets.wgsl" with { type: "text" };
import lovaszWeightsBuffer from "../../shaders/lib/lovasz_weights_buffer.wgsl" with { type: "text" };
import lovaszWeightsTexture from "../../shaders/lib/lovasz_weights_texture.wgsl" with { type: "text" };
import leftBuffer from "../../shaders/lib/left_buffer.wgsl" with { type: "text" };
import leftPatches from "../../shaders/lib/left_patches.wgsl" with { type: "text" };
import leftPhases from "../../shaders/lib/left_phases.wgsl" with { type: "text" };
import leftRows from "../../shaders/lib/left_rows.wgsl" with { type: "text" };
import leftTexture from "../../shaders/lib/left_texture.wgsl" with { type: "text" };
import pixelSoftmax from "../../shaders/lib/pixel_softmax.wgsl" with { type: "text" };
import pixelSoftmaxMany from "../../shaders/lib/pixel_softmax_many.wgsl" with { type: "text" };
import pixelSizes from "../../shaders/lib/pixel_sizes.wgsl" with { type: "text" };
import noPoint from "../../shaders/lib/no_point.wgsl" with { type: "text" };
import noRow from "../../shaders/lib/no_row.wgsl" with { type: "text" };
import poolAverage from "../../shaders/lib/pool_average.wgsl" with { type: "text" };
import poolGeometry from "../../shaders/lib/pool_geometry.wgsl" with { type: "text" };
import pointLabelKnn from "../../shaders/lib/point_label_knn.wgsl" with { type: "text" };
import pointLabelNearest from "../../shaders/lib/point_label_nearest.wgsl" with { type: "text" };
import pointLabelNone from "../../shaders/lib/point_label_none.wgsl" with { type: "text" };
import random from "../../shaders/lib/random.wgsl" with { type: "text" };
import rightBuffer from "../../shaders/lib/right_buffer.wgsl" with { type: "text" };
import rightTexture from "../../shaders/lib/right_texture.wgsl" with { type: "text" };
import scanGeometry from "../../shaders/lib/scan_geometry.wgsl" with { type: "text" };
import texturePlace from "../../shaders/lib/texture_place.wgsl" with { type: "text" };
import wholeNumber from "../../shaders/lib/whole_number.wgsl" with { type: "text" };
import winograd2x2 from "../../shaders/lib/winograd_2x2.wgsl" with { type: "text" };
import winograd4x4 from "../../shaders/lib/winograd_4x4.wgsl" with { type: "text" };
import winogradTiles from "../../shaders/lib/winograd_tiles.wgsl" with { type: "text" };

/** Text of each include file by its path below `shaders/`. */
export const library: Readonly<Record<string, string>> = {
  "lib/activation.wgsl": activation,
  "lib/assign_labels.wgsl": assignLabels,
  "lib/assign_labels_many.wgsl": assignLabelsMany,
  "lib/assign_soft_labels.wgsl": assignSoftLabels,
  "lib/assign_soft_labels_many.wgsl": assignSoftLabelsMany,
  "lib/class_lanes.wgsl": classLanes,
  "lib/class_score_inputs.wgsl": classScoreInputs,
  "lib/class_scores_many.wgsl": classScoresMany,
  "lib/top_class.wgsl": topClass,
  "lib/top_merged.wgsl": topMerged,
  "lib/top_merged_many.wgsl": topMergedMany,
  "lib/write_scores.wgsl": writeScores,
  "lib/write_scores_many.wgsl": writeScoresMany,
  "lib/zones.wgsl": zones,
  "lib/zones_5.wgsl": zones5,
  "lib/zones_6.wgsl": zones6,
  "lib/bilinear.wgsl": bilinear,
  "lib/class_scores.wgsl": classScores,
  "lib/cross_entropy_problem.wgsl": crossEntropyProblem,
  "lib/crop.wgsl": crop,
  "lib/epilogue.wgsl": epilogue,
  "lib/every_row.wgsl": everyRow,
  "lib/every_pixel.wgsl": everyPixel,
  "lib/every_share.wgsl": everyShare,
  "lib/exact_angle.wgsl": exactAngle,
  "lib/exact_quotient.wgsl": exactQuotient,
  "lib/convolution_geometry.wgsl": convolutionGeometry,
  "lib/convolution_sizes.wgsl": convolutionSizes,
  "lib/depthwise_tiles.wgsl": depthwiseTiles,
  "lib/gradient_apart.wgsl": gradientApart,
  "lib/gradient_in_place.wgsl": gradientInPlace,
  "lib/grid.wgsl": grid,
  "lib/hard_labels.wgsl": hardLabels,
  "lib/keep_nearest.wgsl": keepNearest,
  "lib/keep_no_nearest.wgsl": keepNoNearest,
  "lib/input_apart.wgsl": inputApart,
  "lib/input_in_place.wgsl": inputInPlace,
  "lib/largest_shares.wgsl": largestShares,
  "lib/labelled_pixels.wgsl": labelledPixels,
  "lib/lovasz_buckets.wgsl": lovaszBuckets,
  "lib/lovasz_weights_buffer.wgsl": lovaszWeightsBuffer,
  "lib/lovasz_weights_texture.wgsl": lovaszWeightsTexture,
  "lib/left_buffer.wgsl": leftBuffer,
  "lib/left_patches.wgsl": leftPatches,
  "lib/left_phases.wgsl": leftPhases,
  "lib/left_rows.wgsl": leftRows,
  "lib/left_texture.wgsl": leftTexture,
  "lib/pixel_softmax.wgsl": pixelSoftmax,
  "lib/pixel_softmax_many.wgsl": pixelSoftmaxMany,
  "lib/pixel_sizes.wgsl": pixelSizes,
  "lib/no_point.wgsl": noPoint,
  "lib/no_row.wgsl": noRow,
  "lib/pool_average.wgsl": poolAverage,
  "lib/pool_geometry.wgsl": poolGeometry,
  "lib/point_label_knn.wgsl": pointLabelKnn,
  "lib/point_label_nearest.wgsl": pointLabelNearest,
  "lib/point_label_none.wgsl": pointLabelNone,
  "lib/random.wgsl": random,
  "lib/right_buffer.wgsl": rightBuffer,
  "lib/right_texture.wgsl": rightTexture,
  "lib/scan_geometry.wgsl": scanGeometry,
  "lib/texture_place.wgsl": texturePlace,
  "lib/whole_number.wgsl": wholeNumber,
  "lib/winograd_2x2.wgsl": winograd2x2,
  "lib/winograd_4x4.wgsl": winograd4x4,
  "lib/winograd_tiles.wgsl": winogradTiles,
};
