/**
 * Reads the PyTorch fixtures, which `src/selftest/fixtures/make.py` makes. The tests and `crosswalk doctor` share them.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ParameterValues } from "../formats/safetensors.ts";
import { readSafetensors, type SafetensorsFile } from "../formats/safetensors.ts";

/** One case of a fixture file. */
export interface FixtureCase {
  /** What the script calls it. */
  readonly name: string;
  /** Name of the function under test. */
  readonly op: string;
  /** Its options, as the function takes them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the inputs, in order. */
  readonly inputs: readonly string[];
  /** Inputs that have a gradient `"d <input>"`. */
  readonly gradientsOf: readonly string[];
  /** The tensor of this name. */
  readonly tensor: (name: string) => ParameterValues;
}

/**
 * All tensors of a fixture file, by name.
 *
 * @throws {Error} if the file is missing.
 */
export function readFixture(file: string): SafetensorsFile {
  const path = fileURLToPath(new URL(`./fixtures/${file}.safetensors`, import.meta.url));
  return readSafetensors(new Uint8Array(readFileSync(path)), `src/selftest/fixtures/${file}.safetensors`);
}

/** The cases of a fixture file. */
export function readCases(file: string): FixtureCase[] {
  const { tensors, metadata } = readFixture(file);
  type Stored = Omit<FixtureCase, "name" | "tensor">;
  const cases = JSON.parse(metadata["cases"] ?? "{}") as Record<string, Stored>;
  return Object.entries(cases).map(([name, stored]) => ({
    name,
    ...stored,
    tensor: (tensor) => required(tensors, `${name}/${tensor}`, file),
  }));
}

function required(tensors: ReadonlyMap<string, ParameterValues>, name: string, file: string): ParameterValues {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`The fixture ${file} has no tensor "${name}"`);
  return found;
}
