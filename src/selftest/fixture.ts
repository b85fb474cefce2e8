/**
 * Reads the PyTorch fixtures, which `src/selftest/fixtures/make.py` makes. The tests and `crosswalk doctor` share them.
 *
 * @module
 */

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
 * All tensors of a fixture file, by name. It is fetched, so that it may lie on a disk or beside a bundle on a server.
 *
 * @throws {Error} if the file is missing.
 */
export async function readFixture(file: string): Promise<SafetensorsFile> {
  const url = new URL(`./fixtures/${file}.safetensors`, import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The fixture ${url} could not be fetched: the server says ${response.status}`);
  return readSafetensors(new Uint8Array(await response.arrayBuffer()), `src/selftest/fixtures/${file}.safetensors`);
}

/** The cases of a fixture file. */
export async function readCases(file: string): Promise<FixtureCase[]> {
  const { tensors, metadata } = await readFixture(file);
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
