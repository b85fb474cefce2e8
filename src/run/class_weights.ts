/**
 * Weights of the classes in the training loss: given in a file, or balanced by how frequent the classes are.
 *
 * @module
 */

import * as v from "valibot";
import { readFile } from "../disk/files.ts";
import { shortJson, shortText, validated } from "../formats/validation.ts";
import type { Settings } from "../settings/settings.ts";

/** Weights by class id. `"balanced"`: those of `balancedWeights`. `undefined`: every class weighs 1. */
export type ClassWeights = readonly number[] | "balanced" | undefined;

const weightsSchema = v.union([v.array(v.unknown()), v.record(v.string(), v.unknown())]);

/**
 * The class weights of the settings. A file of weights holds JSON: either a list with one weight for each class, in the
 * order of their ids, or an object from class names to weights.
 *
 * @throws {Error} naming the file and what is wrong: a weight is not a number of at least 0, a class is missing or
 * unknown, or no weight is above 0.
 */
export function readClassWeights(settings: Settings, classes: readonly string[]): ClassWeights {
  const path = settings.get("class-weights");
  if (path === undefined || path === "balanced") return path;
  const content = validated(weightsSchema, new TextDecoder().decode(readFile(path)), path, "class weights");
  const wrong = (problem: string) => new Error(`Cannot use the class weights ${path}: ${problem}`);
  if (Array.isArray(content) && content.length !== classes.length) {
    throw wrong(`found ${content.length} weights, expected one for each of the ${classes.length} classes`);
  }
  const byClass = new Map(
    Array.isArray(content) ? classes.map((name, id) => [name, content[id]]) : Object.entries(content),
  );
  const unknown = [...byClass.keys()].find((name) => !classes.includes(name));
  if (unknown !== undefined) throw wrong(`there is no class ${shortText(unknown)}`);
  const weights = classes.map((name) => {
    const weight: unknown = byClass.get(name);
    if (typeof weight === "number" && Number.isFinite(weight) && weight >= 0) return weight;
    throw wrong(
      weight === undefined
        ? `the class "${name}" has none`
        : `that of the class "${name}" is ${shortJson(weight)}, expected a number of at least 0`,
    );
  });
  if (!weights.some((value) => value > 0)) throw wrong("all are 0");
  return weights;
}
