/**
 * A network on the GPU: a model, its classes and its parameters. Also reads and writes its weight files.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { Model } from "./model.ts";
import { findModel } from "./models/mod.ts";
import { ParameterStore } from "./parameter_store.ts";
import { collectParameters, type ParameterDeclaration, type ParameterScope, standardGroups } from "./parameters.ts";
import { type ParameterValues, readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { shortText } from "../formats/validation.ts";
import { type ModelVariant, readVariant, variantText } from "./variant.ts";

/** What the metadata of our own weight files say about the network. */
export interface NetworkMetadata {
  /** Class names in id order. */
  readonly classes: readonly string[];
  /** Working size of the images in training, in pixels, if known. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Colour of each class, red, green and blue from 0 to 255, if known. */
  readonly palette?: readonly (readonly [number, number, number])[];
}

/**
 * Side in pixels of the images with which a model is traced to learn its parameters. The parameters' shapes do not
 * depend on it.
 */
const tracedSide = 128;

/** What a training step needs besides the logits. */
export interface TrainingTrace {
  /** Logits of the batch. */
  readonly logits: Tensor;
  /** New values, after the step, of the parameters that change without being learned, by name. */
  readonly updates: ReadonlyMap<string, Tensor>;
  /**
   * The dropouts' keys, `[4]` u32 each, by the name of the layer. They are inputs that are written before each step.
   */
  readonly dropoutKeys: ReadonlyMap<string, Tensor>;
}

/** The parameters of a model, in its order. */
export function declaredParameters(model: Model, classes: number): ParameterDeclaration[] {
  const { takes, sizeMultiple } = model;
  const side = Math.ceil(tracedSide / sizeMultiple) * sizeMultiple;
  const images = input("images", [1, takes.channels, side, side]);
  return collectParameters((scope) => model.logits(images, scope, { classes, inference: false }));
}

/** The names of the groups that belong to a model's head. */
export function headGroups({ groups = standardGroups }: Model): ReadonlySet<string> {
  return new Set(groups.filter(({ head }) => head === true).map(({ name }) => name));
}

/** A model with parameters. */
export class Network {
  /** Its parameters. */
  readonly store: ParameterStore;

  /**
   * Allocates the parameters, all zero. Call `store.initialize` or load weights next.
   *
   * @param options `trainable: false`: no gradients are allocated, for a network that only labels. Default `true`.
   */
  constructor(
    gpu: Gpu,
    readonly model: Model,
    readonly metadata: NetworkMetadata,
    options: { readonly trainable?: boolean } = {},
  ) {
    const { groups = standardGroups } = model;
    const declarations = declaredParameters(model, this.classCount);
    this.store = new ParameterStore(gpu, declarations, { ...options, groups });
  }

  /** Number of classes. */
  get classCount(): number {
    return this.metadata.classes.length;
  }

  /** How many numbers are trained. */
  get trainedCount(): number {
    return this.store.declarations.filter(({ trainable }) => trainable)
      .reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  }

  /** Logits of normalised images `[N, C, H, W]`. */
  logits(images: Tensor, inference: boolean): Tensor {
    return this.model.logits(images, this.store, { classes: this.classCount, inference });
  }

  /** What labels and scores of normalised images are made from: the score map if the model has one, else the logits. */
  scores(images: Tensor): Tensor {
    const { model: { scoreMap }, store, classCount: classes } = this;
    return this.model.logits(images, store, { classes, inference: true, scoreMap: scoreMap !== undefined });
  }

  /**
   * Logits of normalised images in training, and what a training step needs besides.
   *
   * @throws {RangeError} if two dropouts have one name.
   */
  trainingLogits(images: Tensor): TrainingTrace {
    const updates = new Map<string, Tensor>();
    const dropoutKeys = new Map<string, Tensor>();
    const scope: ParameterScope = {
      parameter: (name, shape, options) => this.store.parameter(name, shape, options),
      update: (name, value) => updates.set(name, value),
      dropoutKey: (name) => {
        if (dropoutKeys.has(name)) {
          throw new RangeError(
            `Cannot train ${this.model.name}: two dropouts are called "${name}", and would drop the same elements`,
          );
        }
        const key = input(dropoutInput(name), [4], { dtype: "u32", layout: "plain" });
        dropoutKeys.set(name, key);
        return key;
      },
    };
    const logits = this.model.logits(images, scope, { classes: this.classCount, inference: false });
    return { logits, updates, dropoutKeys };
  }

  /** The weights as the bytes of a safetensors file. Its metadata name the model and the classes. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return writeSafetensors(await this.store.save(), weightMetadata(this.model, this.metadata));
  }

  /** Frees the parameters. */
  dispose(): void {
    this.store.dispose();
  }
}

/** Name of the input that holds the key of a layer's dropout. */
export function dropoutInput(name: string): string {
  return `dropout key ${name}`;
}

/** The metadata of a network's weight file, as {@link readMetadata} reads them. Without classes: of a backbone. */
export function weightMetadata(
  { name, description, variant = {} }: Model,
  { classes, size, palette }: Partial<NetworkMetadata>,
): Record<string, string> {
  return {
    model: `${name}: ${description}`,
    ...(Object.keys(variant).length > 0 ? { variant: variantText(variant) } : {}),
    ...(classes ? { classes: classes.join("|") } : {}),
    ...(size ? { size: `${size.height}x${size.width}` } : {}),
    ...(palette ? { palette: palette.map((color) => color.join(",")).join("|") } : {}),
    ignore: "255",
  };
}

/** The contents of a weight file. */
export interface WeightFile {
  /** Name of the model. */
  readonly model: string;
  /** How the network differs from the plain one of that name. */
  readonly variant: ModelVariant;
  /** Classes, working size and palette. */
  readonly metadata: NetworkMetadata;
  /** Values by parameter name. */
  readonly tensors: ReadonlyMap<string, ParameterValues>;
}

/**
 * Reads a finished network's weight file.
 *
 * @param source the file's name, for messages.
 * @throws {Error} if it does not name its model and classes, names more than 255 classes, or names a variant that is
 * none.
 */
export function readWeights(bytes: Uint8Array<ArrayBuffer>, source: string): WeightFile {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const said = readMetadata(metadata, source);
  if (said === null) {
    throw new Error(`Cannot use ${source} as a network: its metadata must name "model" and "classes"`);
  }
  return { ...said, tensors };
}

/**
 * What the metadata of a weight file say of its network; `null` if they do not name its model and classes, as ours do.
 *
 * @param source the file's name, for messages.
 * @throws {Error} if they name more than 255 classes, or a variant that is none.
 */
export function readMetadata(
  metadata: Readonly<Record<string, string>>,
  source: string,
): Omit<WeightFile, "tensors"> | null {
  const { model, variant, classes, size, palette } = metadata;
  if (model === undefined || classes === undefined) return null;
  const recorded = recordedSize(size);
  const names = classes.split("|");
  if (names.length > maxClasses) {
    throw new Error(
      `Cannot use ${source} as a network: it names ${names.length} classes, at most ${maxClasses} can be`,
    );
  }
  return {
    model: modelName(model),
    variant: variant === undefined ? {} : readVariant(variant, source),
    metadata: {
      classes: names,
      ...(recorded === undefined ? {} : { size: recorded }),
      ...(palette === undefined ? {} : { palette: readPalette(palette, names.length, source) }),
    },
  };
}

/**
 * A network with the weights of a file.
 *
 * @param options `trainable: false`: no gradients are allocated; default `true`. `model`: a network of your own, which
 * `findModel` does not know; default: the one that the file names.
 * @throws {Error} if the model is unknown, or a tensor is missing or has another shape.
 */
export function loadNetwork(
  gpu: Gpu,
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  options: { readonly trainable?: boolean; readonly model?: Model } = {},
): Network {
  const { model, variant, metadata, tensors } = readWeights(bytes, source);
  return networkWith(gpu, { model: options.model ?? findModel(model, variant, source), metadata, tensors }, {
    ...options,
    source,
  });
}

/**
 * A network with these weights. Where they do not fit, nothing stays allocated.
 *
 * @param options `source`: what the weights were read from, for messages. `trainable: false`: no gradients are allocated.
 * Default `true`.
 * @throws {Error} if a tensor is missing, has another shape or holds a value that is not finite.
 */
export function networkWith(
  gpu: Gpu,
  { model, metadata, tensors }: {
    readonly model: Model;
    readonly metadata: NetworkMetadata;
    readonly tensors: ReadonlyMap<string, ParameterValues>;
  },
  options: { readonly source: string; readonly trainable?: boolean },
): Network {
  const network = new Network(gpu, model, metadata, options);
  try {
    network.store.load(tensors, options.source);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return network;
}

/** The working size in the metadata of a weight file, such as `240x320`; `undefined` where there is none. */
export function recordedSize(text: string | undefined): NetworkMetadata["size"] {
  const [, height, width] = /^([1-9]\d*)x([1-9]\d*)$/.exec(text ?? "") ?? [];
  return height === undefined || width === undefined ? undefined : { height: Number(height), width: Number(width) };
}

/** The name of a model in a metadata text: what stands before the first colon. */
export function modelName(text: string): string {
  return (text.split(":")[0] ?? "").trim();
}

/** The most classes. Ids are bytes, and 255 means "ignored". */
export const maxClasses = 255;

/** The colours in the metadata of a weight file, such as `128,64,128|244,35,232`. */
function readPalette(text: string, count: number, source: string): (readonly [number, number, number])[] {
  const colors = text.split("|");
  if (colors.length !== count) {
    throw new Error(`Cannot use ${source} as a network: it has ${count} classes, its palette ${colors.length} colours`);
  }
  return colors.map((color) => {
    const [red = -1, green = -1, blue = -1, ...rest] = color.split(",").map(Number);
    if (rest.length > 0 || ![red, green, blue].every((part) => Number.isInteger(part) && part >= 0 && part <= 255)) {
      throw new Error(
        `Cannot use ${source} as a network: its palette holds ${shortText(color)}, expected red, green and blue, ` +
          "each from 0 to 255",
      );
    }
    return [red, green, blue];
  });
}
