/**
 * Crosswalk: a WebGPU tensor engine with hand-written WGSL kernels, and on it class-balanced self-training for semantic
 * segmentation (Zou et al., ECCV 2018). Runs in Deno and in browsers.
 *
 * A program is traced, differentiated, planned, compiled, and then replayed:
 *
 * @example
 * ```ts
 * import { conv2d, Gpu, gradients, input, interpolatedCrossEntropy, Program } from "./mod.ts";
 *
 * using gpu = await Gpu.open();
 * const images = input("images", [1, 4, 8, 8]);
 * const weight = input("weight", [4, 4, 3, 3], { layout: "convolution" });
 * const labels = input("labels", [1, 16, 16], { dtype: "u8", layout: "plain" });
 * const loss = interpolatedCrossEntropy(conv2d(images, weight, { padding: 1 }), labels);
 * const [gradient] = gradients(loss, [weight]);
 * if (gradient === undefined) throw new Error("no gradient");
 *
 * using program = await Program.compile(gpu, { outputs: { loss, gradient } });
 * program.run();
 * const [value] = await program.read("loss");
 * // With weights of zero every class has the same probability.
 * if (Math.abs((value ?? 0) - Math.log(4)) > 1e-5) throw new Error(`loss ${value}`);
 * ```
 *
 * @module
 */

// Engine
export {
  DeviceLostError,
  DivergenceError,
  InterruptedError,
  OutOfBudgetError,
  type Reason,
  ReasonedError,
  UsageError,
} from "./src/errors.ts";
export type { AdapterKind } from "./src/gpu/adapter_kind.ts";
export { type AdapterChoice, type AdapterSource, listAdapters, type ListedAdapter } from "./src/gpu/adapters.ts";
export { Gpu, type GpuOptions, onShaderVariant } from "./src/gpu/gpu.ts";
export {
  type BufferCopy,
  type BufferRange,
  type Dispatch,
  grid,
  type Pipeline,
  type TextureCopy,
  wholeRange,
} from "./src/gpu/launch.ts";
export type { SubmissionTime, TimeListener } from "./src/gpu/submission_times.ts";
export type { BindingKind, ShaderConstants, ShaderSource } from "./src/gpu/shader.ts";
export { gradients } from "./src/ops/gradients.ts";
export {
  type DataType,
  type Layout,
  pack,
  paddedChannels,
  storedBytes,
  storedElements,
  unpack,
} from "./src/graph/layout.ts";
export type { MemoryPlan } from "./src/graph/plan.ts";
export { Program } from "./src/graph/program.ts";
export type { ActivationStorage } from "./src/graph/execution_order.ts";
export { memoryPlan, type ProgramDefinition } from "./src/graph/program_plan.ts";
export {
  type Block,
  block,
  type DeviceTraits,
  input,
  type InputGradient,
  type KernelBinding,
  type KernelCall,
  type KernelPlan,
  layer,
  type Leaf,
  resident,
  type ScratchBinding,
  type StagedPart,
  type StoredBinding,
  Tensor,
  type TensorDefinition,
} from "./src/graph/tensor.ts";
export type { KernelSchedule, Tunable, Tuning } from "./src/graph/schedule.ts";
export { Random } from "./src/random.ts";

// Ops
export { leakyRelu, relu, relu6 } from "./src/ops/activation/activation.ts";
export type { Activation } from "./src/ops/activation/kind.ts";
export { softmax } from "./src/ops/activation/softmax.ts";
export { add } from "./src/ops/arithmetic/add.ts";
export { concat } from "./src/ops/arithmetic/concat.ts";
export { crop, type CropOptions } from "./src/ops/arithmetic/crop.ts";
export { scale } from "./src/ops/arithmetic/scale.ts";
export { conv2d, type Conv2dOptions } from "./src/ops/conv/conv2d.ts";
export type { BatchNormEpilogue, BiasEpilogue, Epilogue } from "./src/ops/conv/epilogue.ts";
export { depthwiseConv2d } from "./src/ops/conv/depthwise_conv2d.ts";
export type { ConvolutionOptions, Padding } from "./src/ops/conv/geometry.ts";
export { dice, type DiceOptions } from "./src/ops/loss/dice.ts";
export {
  type CrossEntropyRegularizer,
  interpolatedCrossEntropy,
  type InterpolatedCrossEntropyOptions,
  type RegularizerKind,
} from "./src/ops/loss/interpolated_cross_entropy.ts";
export { lovaszSoftmax, type LovaszSoftmaxOptions } from "./src/ops/loss/lovasz_softmax.ts";
export { batchNorm, type BatchNormParameters } from "./src/ops/norm/batch_norm.ts";
export type { BatchNormOptions } from "./src/ops/norm/normalization.ts";
export { averagePool2d, type AveragePool2dOptions } from "./src/ops/pool/average_pool2d.ts";
export { globalAveragePool } from "./src/ops/pool/global_average_pool.ts";
export type { PoolOptions } from "./src/ops/pool/geometry.ts";
export { maxPool2d } from "./src/ops/pool/max_pool2d.ts";
export { dropout, type DropoutOptions } from "./src/ops/random/dropout.ts";
export { bilinearResize, type BilinearResizeOptions } from "./src/ops/resize/bilinear_resize.ts";

// Ops of LiDAR scans
export {
  backprojectDispatch,
  type BackprojectionBuffers,
  type BackprojectionOptions,
} from "./src/ops/scans/backproject.ts";
export {
  noPoint,
  scanGeometryLength,
  scanGeometryValues,
  type ScanPoints,
  scanRowWords,
  type ScanView,
} from "./src/ops/scans/geometry.ts";
export { pointLabels } from "./src/ops/scans/point_labels.ts";
export { pointPixels, type ProjectionOptions } from "./src/ops/scans/point_pixels.ts";
export { nearestPoints, projectScans } from "./src/ops/scans/project_scans.ts";
export { type RangeChannelOptions, rangeChannels } from "./src/ops/scans/range_channels.ts";

// Images
export type { ClassMap, LabelColours, LabelTable } from "./src/data/class_map.ts";
export type { Colour } from "./src/data/encode.ts";
export { isLabelSetName, type LabelSetName, labelSetNames } from "./src/data/label_set_names.ts";
export {
  type ClassNames,
  type ClassParts,
  type LabelSet,
  labelSet,
  mapBetween,
  parseLabelSet,
  type RawIds,
  rawLabelTable,
  recognised,
} from "./src/data/label_sets.ts";
export { type SoftLabelMap, softLabelWords, wordsOfHardLabels } from "./src/data/soft_label_map.ts";
export { type MemoryItem, MemorySamples } from "./src/data/memory_samples.ts";
export type { PixelImage, Sample, SampleLabelMap, SampleOptions, SampleSource } from "./src/data/sample.ts";
export type { ScanPlan } from "./src/data/scans/augmentation.ts";
export { decodeScan, type ScanLimits, sensorOfName } from "./src/data/scans/read_scan.ts";
export { kittiSensor, nuscenesSensor, type ScanSensor } from "./src/data/scans/sensor.ts";
export { planShapes, type RunShapes, type ShapeOptions, type Shapes } from "./src/data/shapes.ts";
export type { ShortSide, Size, WorkingSize } from "./src/data/size.ts";
export {
  renderTown,
  type TownClass,
  townClasses,
  type TownName,
  type TownOptions,
  type TownPicture,
} from "./src/town/town.ts";

// Self-training: training
export type { Domain, MiningClasses, MiningPlan, MiningRule } from "./src/data/mining.ts";
export type { BatchMix, DomainItem, SubsetPolicy } from "./src/data/order.ts";
export type { AugmentationOptions, SamplePlan } from "./src/data/sampling.ts";
export { type StageEvents, type TrainingStage, trainStage } from "./src/selftraining/stage.ts";
export {
  type StepJoints,
  type StepLaunches,
  type StepLoss,
  type StepSeed,
  Trainer,
  type TrainerOptions,
} from "./src/selftraining/trainer.ts";
export {
  type StepOptions,
  type TrainingSample,
  type TrainingStep,
  trainingStep,
} from "./src/selftraining/training_step.ts";
export {
  atLogits,
  crossEntropy,
  type CrossEntropyOptions,
  crossEntropyWith,
  diceLoss,
  type LabelTensors,
  lovaszLoss,
  type Objective,
  type ObjectiveContext,
  type Regularizer,
  sum,
  weighted,
} from "./src/selftraining/objective.ts";
export { checkpointBytes, restoreCheckpoint, type RunPlace } from "./src/selftraining/checkpoint.ts";

// Self-training: labelling
export { type LabellingOptions, type LabellingResult, labelTarget } from "./src/selftraining/labelling.ts";
export { type LogitsOptions, LogitsSource } from "./src/selftraining/logits_source.ts";
export {
  assignLabels,
  type LabelledBatch,
  type SelectionLimits,
  selectThresholds,
} from "./src/selftraining/selection.ts";
export type { Cover, ScoreBatch, ScoreBatches, ScoreOptions, ScoreView } from "./src/selftraining/scores.ts";
export {
  accumulatePrior,
  type LabelBatch,
  spatialPrior,
  type SpatialPriorOptions,
} from "./src/selftraining/spatial_prior.ts";
export { allThresholds } from "./src/selftraining/ring_thresholds.ts";
export {
  type RankRule,
  type RingThresholds,
  type SelectionPolicy,
  type SelectionSettings,
  type Thresholds,
  type ThresholdsReport,
  thresholdsReport,
} from "./src/selftraining/thresholds.ts";
export { addCounts, type LabelCounts, noLabels } from "./src/selftraining/label_counts.ts";
export type { ViewOptions } from "./src/selftraining/views.ts";

// Self-training: scoring
export {
  evaluate,
  type EvaluationOptions,
  scoreImages,
  type ScoringSettings,
  type SplitScores,
  splitScores,
} from "./src/selftraining/evaluation.ts";
export type { NamedScanScores } from "./src/selftraining/scan_scores.ts";
export { type ScanScores, scoreWithMisses } from "./src/metrics/confusion.ts";
export type { PointRule } from "./src/ops/scans/backproject.ts";
export { PointLabels } from "./src/selftraining/point_labels.ts";
export type { SampleBatch, ScanOutputs } from "./src/selftraining/inference.ts";
export {
  type PredictedLogits,
  type Prediction,
  type PredictionOptions,
  Predictor,
} from "./src/selftraining/prediction.ts";

// Self-training: the loop
export { adapt } from "./src/selftraining/adapt.ts";
export type {
  AdaptationImages,
  AdaptationResult,
  AdaptationSettings,
  EarlierRounds,
  RoundStep,
  SourceTraining,
} from "./src/selftraining/adaptation.ts";
export type { BestRound } from "./src/selftraining/round_judge.ts";
export type { PriorMaps } from "./src/selftraining/spatial_prior.ts";
export { type CollapseKind, collapseText, type CollapseWarning } from "./src/selftraining/collapse.ts";
export type { JudgedShares, MergedLabels } from "./src/selftraining/precision.ts";
export { MemoryStore } from "./src/selftraining/memory_store.ts";
export {
  type PortionRule,
  portions,
  type PortionSchedule,
  type RoundLearningRate,
  roundLearningRates,
  sourceImageCounts,
} from "./src/selftraining/portions.ts";
export type { Activity, Progress, StageProgress, StageUnits } from "./src/selftraining/progress.ts";
export { planRounds, type RoundPlan, type RoundSettings } from "./src/selftraining/rounds.ts";
export type { KeptForm } from "./src/selftraining/kept.ts";
export type { LabelSink, RunStore } from "./src/selftraining/store.ts";
export { type CheckpointRule, type RunParts, Training } from "./src/selftraining/training.ts";

// Networks
export type { Normalization } from "./src/ops/data/sample.ts";
export {
  encodeBatch,
  floatChannels,
  type ImageKind,
  imagenetPhotographs,
  rgbBytes,
  type ScanKind,
} from "./src/nn/image_kind.ts";
export { scanRanges } from "./src/nn/scan_ranges.ts";
export {
  batchNormLayer,
  type BatchNormLayerOptions,
  conv,
  convBatchNorm,
  type ConvBatchNormOptions,
  convBias,
  type ConvBiasOptions,
  type ConvOptions,
  dropoutLayer,
  type Spread,
} from "./src/nn/layers.ts";
export { type Model, type ModelFamily, modelOf, type ModelOptions, type ScoreMap } from "./src/nn/model.ts";
export { findModel, modelFamilies, models } from "./src/nn/models/mod.ts";
export type { OriginalNames, OriginalScope, OriginalTensor } from "./src/nn/original_names.ts";
export { type BatchNormTraining, hiddenChannels, type ModelVariant } from "./src/nn/variant.ts";
export {
  loadNetwork,
  Network,
  type NetworkMetadata,
  readWeights,
  type TrainingTrace,
  type WeightFile,
} from "./src/nn/network.ts";
export { type ParameterRun, ParameterStore, type ParameterStoreOptions } from "./src/nn/parameter_store.ts";
export {
  collectParameters,
  groupsWithBiases,
  type Initial,
  type ParameterDeclaration,
  type ParameterGroup,
  type ParameterOptions,
  type ParameterScope,
  standardGroups,
} from "./src/nn/parameters.ts";
export {
  type ParameterValues,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
  writeStoredSafetensors,
} from "./src/formats/safetensors.ts";
export { readTensors } from "./src/formats/read_tensors.ts";
export { withoutPrefixes } from "./src/formats/state_dict.ts";
export { type ElementType, type ForeignTensors, type StoredTensor } from "./src/formats/stored_tensor.ts";

// Optimizers
export type { GradientAccumulation } from "./src/optim/accumulation.ts";
export {
  adamW,
  type AdamWOptions,
  groupRates,
  isBiasGroup,
  type LearningRates,
  type Optimizer,
  sgd,
  type SgdOptions,
} from "./src/optim/optimizer.ts";
export { type Schedule, scheduleFactor, scheduleMomentum } from "./src/optim/schedule.ts";

// Metrics
export { type AbsentRule, addConfusion, meanOf, scoreConfusion, type Scores } from "./src/metrics/confusion.ts";
