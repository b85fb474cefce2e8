/**
 * What is said about the tensors of a weight file: in a line where a command reads it, in a table where it is converted.
 *
 * @module
 */

import type { ForeignTensors } from "../formats/stored_tensor.ts";
import type { MisshapedTensor, WantedTensor, WeightMatch } from "../nn/weight_match.ts";

/** A file of tensors, as far as it is spoken of. */
export interface NamedFile {
  readonly path: string;
  readonly file: ForeignTensors;
  readonly prefixes: readonly string[];
}

/** The first few of a list of names: `a, b, c and 5 more`. */
export function listed(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A number with its noun: `1 tensor`, `3 tensors`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** What was found out about a foreign file of a whole network, in sentences. */
export function matchNotices(named: NamedFile, match: WeightMatch): string[] {
  return [
    `${origin(named, match)}, ${counted(match.matched.length, "tensor")}${unused(match)}`,
    ...remarks(named, match),
  ];
}

/**
 * What was taken from a file for a backbone, in sentences.
 *
 * @param left parameters of the backbone that are drawn anew.
 */
export function backboneNotices(
  named: NamedFile,
  match: WeightMatch,
  left: readonly (WantedTensor | MisshapedTensor)[],
): string[] {
  const taken = match.matched.filter(({ inHead }) => !inHead).length;
  const parts = left.map((parameter) =>
    `"${parameter.original ?? parameter.name}" ${"found" in parameter ? "has another shape" : "is missing"}`
  );
  const drawn = left.length === 0 ? "the head is" : `the head and ${counted(left.length, "tensor")} are`;
  const why = left.length === 0 ? "" : ` (${listed(parts, 3)})`;
  return [
    `${origin(named, match)}, ${counted(taken, "tensor")} of the backbone; ${drawn} drawn anew${why}${unused(match)}`,
    ...remarks(named, match),
  ];
}

/** The file, its network and the family of its names. */
function origin({ path, file, prefixes }: NamedFile, { model, names }: WeightMatch): string {
  const { variant = {} } = model;
  const properties = Object.entries(variant).map(([property, value]) => `${property} ${value}`);
  const differs = properties.length === 0 ? "" : ` (${properties.join(", ")})`;
  const after = prefixes.length === 0 ? "" : ` after ${prefixes.join("")}`;
  const whose = names === null ? "our names" : `names of ${names.family}`;
  return `${path} (${file.container}): ${model.name}${differs}, ${whose}${after}`;
}

function unused({ unexpected }: WeightMatch): string {
  return unexpected.length === 0 ? "" : `; not used: ${listed(unexpected, 4)}`;
}

function remarks({ path, file }: NamedFile, { names }: WeightMatch): string[] {
  return [
    ...(file.note === undefined ? [] : [`${path}: ${file.note}`]),
    ...(names?.note === undefined ? [] : [names.note]),
  ];
}

/** A tensor of the file or of the network in the table. */
interface ReportedTensor {
  /** Our name of the parameter. */
  readonly name: string;
  /** Its name in the file; `null` if files of the family do not hold it. */
  readonly original: string | null;
  /** Our shape. */
  readonly shape: readonly number[];
}

/** Everything that was found out about a file, for programs. */
export function matchReport({ file, prefixes }: NamedFile, match: WeightMatch) {
  const { model, names, classes, matched, missing, misshaped, unexpected, ignored, changed } = match;
  const one = ({ name, original, shape }: WantedTensor): ReportedTensor => ({ name, original, shape });
  return {
    model: model.name,
    variant: model.variant ?? {},
    classes,
    container: file.container,
    names: names?.family ?? "ours",
    prefixes,
    matched: matched.map((parameter) => ({ ...one(parameter), type: parameter.tensor.typeName })),
    missing: missing.map(one),
    misshaped: misshaped.map((parameter) => ({ ...one(parameter), wanted: parameter.wanted, found: parameter.found })),
    unexpected,
    ignored,
    changed,
  };
}

/** The table of all tensors: those that fit first, then what is wrong, then the sums. */
export function matchTable(match: WeightMatch): string[][] {
  const { matched, missing, misshaped, unexpected, ignored, changed } = match;
  const shapeText = (shape: readonly number[]) => `[${shape.join(", ")}]`;
  const only = (state: string, names: readonly string[]) => names.map((name) => [state, "", name, "", ""]);
  return [
    ["state", "parameter", "in the file", "shape", "type"],
    ...matched.map((
      { name, original, shape, tensor },
    ) => ["matched", name, original, shapeText(shape), tensor.typeName]),
    ...missing.map(({ name, original, shape }) => ["missing", name, original ?? "–", shapeText(shape), ""]),
    ...misshaped.map((
      { name, original, wanted, found },
    ) => ["mis-shaped", name, original ?? "–", `${shapeText(found)}, not ${shapeText(wanted)}`, ""]),
    ...only("unexpected", unexpected),
    ...only("changed", changed),
    ...only("ignored", ignored),
    [
      "sum",
      `${matched.length} matched, ${missing.length} missing, ${misshaped.length} mis-shaped, ` +
      `${unexpected.length} unexpected, ${ignored.length} ignored`,
    ],
  ];
}
