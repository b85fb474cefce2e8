/**
 * The networks by name.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Model } from "../model.ts";
import { deeplabMobilenet } from "./deeplab_mobilenet.ts";
import { deeplabNano } from "./deeplab_nano.ts";

/** Every network that `--model` takes. */
export const models: readonly Model[] = [deeplabMobilenet, deeplabNano];

/**
 * The network of this name.
 *
 * @throws {UsageError} listing the names.
 */
export function findModel(name: string): Model {
  const found = models.find((model) => model.name === name);
  if (found === undefined) {
    throw new UsageError(`There is no model "${name}"; the models are ${models.map((model) => model.name).join(", ")}`);
  }
  return found;
}
