/**
 * The networks by name.
 *
 * @module
 */

import type { Model } from "../model.ts";
import { deeplabMobilenet } from "./deeplab_mobilenet.ts";
import { deeplabNano } from "./deeplab_nano.ts";

/** Every network that can be named. */
export const models: readonly Model[] = [deeplabMobilenet, deeplabNano];

/**
 * The network of this name.
 *
 * @param source the file that names it, for messages.
 * @throws {Error} listing the names.
 */
export function findModel(name: string, source?: string): Model {
  const found = models.find((model) => model.name === name);
  if (found === undefined) {
    const place = source === undefined ? "" : `, as ${source} names it`;
    throw new Error(`There is no model "${name}"${place}; the models are ${models.map((m) => m.name).join(", ")}`);
  }
  return found;
}
