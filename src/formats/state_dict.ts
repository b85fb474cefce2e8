/**
 * Where in a checkpoint the network's tensors are, and what their names begin with.
 *
 * @module
 */

import { kindOf, PickleMap, type PickleValue } from "./pickle_values.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { TorchTensor } from "./torch_values.ts";
import { shortText } from "./validation.ts";

/** Keys under which trainers save the network's tensors; the first that holds some is taken. */
const usualKeys = ["state_dict", "model_state_dict", "model", "net", "student", "teacher"];
/** What trainers put before all names. */
const usualPrefixes = ["module.", "Scale.", "backbone.", "model.", "net."];
/** How many dictionaries may lie around the one that is taken. */
const maxNesting = 4;
/** How many keys a message names. */
const shownKeys = 8;

/** The tensors of a checkpoint, and what was taken and left out, in words. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly note?: string;
}

/**
 * The dictionary of tensors in a checkpoint: under the first of the usual keys that holds one, else the checkpoint
 * itself, else the only one under any other key.
 *
 * @param source the file's name, for messages.
 * @throws {Error} where there is none, or where it is not clear which.
 */
export function stateDict(root: PickleValue, source: string): StateDict {
  if (!(root instanceof PickleMap)) {
    throw new Error(`Cannot read ${source}: it holds ${kindOf(root)}, expected a dictionary of tensors`);
  }
  const found = search(root, []);
  if (found === null) {
    throw new Error(`Cannot read ${source}: ${whyNone(root)}`);
  }
  const tensors = new Map<string, TorchTensor>();
  let others = 0;
  for (const [key, value] of found.map.entries) {
    if (typeof key === "string" && value instanceof TorchTensor) tensors.set(key, value);
    else others++;
  }
  const notes = [
    ...(found.path.length === 0 ? [] : [`taken from ${found.path.map(shortText).join(" → ")}`]),
    ...(found.path.length === 0 ? [] : leftOut(root, found.path[0] ?? "")),
    ...(others === 0 ? [] : [`${others} entries that are no tensors are left out`]),
  ];
  return { tensors, ...(notes.length === 0 ? {} : { note: notes.join("; ") }) };
}

interface Found {
  readonly map: PickleMap;
  readonly path: readonly string[];
}

function search(map: PickleMap, path: readonly string[]): Found | null {
  for (const key of usualKeys) {
    const value = map.entries.get(key);
    if (!(value instanceof PickleMap) || path.length >= maxNesting) continue;
    const found = search(value, [...path, key]);
    if (found !== null) return found;
  }
  if (holdsTensors(map)) return { map, path };
  const [only, ...others] = mapsOfTensors(map);
  return only === undefined || others.length > 0 ? null : { map: only[1], path: [...path, only[0]] };
}

function holdsTensors(map: PickleMap): boolean {
  for (const [key, value] of map.entries) if (typeof key === "string" && value instanceof TorchTensor) return true;
  return false;
}

/** The dictionaries of tensors right under a dictionary, by key. */
function mapsOfTensors(map: PickleMap): [string, PickleMap][] {
  return [...map.entries].flatMap(([key, value]): [string, PickleMap][] =>
    typeof key === "string" && value instanceof PickleMap && holdsTensors(value) ? [[key, value]] : []
  );
}

function whyNone(root: PickleMap): string {
  const several = mapsOfTensors(root).map(([key]) => key);
  if (several.length > 0) {
    return `tensors are under ${keyList(several)}, and it is not clear which of them are the network's. ` +
      "In Python, save the one dictionary alone";
  }
  return `none of its ${root.entries.size} keys (${keyList(textKeys(root))}) leads to a dictionary of tensors`;
}

function leftOut(root: PickleMap, taken: string): string[] {
  const keys = textKeys(root).filter((key) => key !== taken);
  return keys.length === 0 ? [] : [`left out: ${keyList(keys)}`];
}

function textKeys(map: PickleMap): string[] {
  return [...map.entries.keys()].filter((key) => typeof key === "string");
}

function keyList(keys: readonly string[]): string {
  const shown = keys.slice(0, shownKeys).map(shortText).join(", ");
  return keys.length > shownKeys ? `${shown}, …` : shown;
}

/**
 * The tensors without what trainers put before all their names: `module.` of parallel training, `Scale.`, `backbone.`,
 * `model.`, `net.`, one after the other, as long as all names begin with one.
 *
 * @returns the tensors by their shorter names, and the prefixes in the order in which they were taken off.
 */
export function withoutPrefixes(
  tensors: ReadonlyMap<string, StoredTensor>,
): { readonly tensors: ReadonlyMap<string, StoredTensor>; readonly prefixes: readonly string[] } {
  const prefixes: string[] = [];
  const first = [...tensors.keys()][0];
  let length = 0;
  for (;;) {
    const prefix = usualPrefixes.find((text) => first?.startsWith(text, length));
    if (prefix === undefined) break;
    const start = length;
    // Of a name that is the prefix itself nothing would be left.
    const isShared = [...tensors.keys()].every((name) =>
      name.startsWith(prefix, start) && name.length > start + prefix.length
    );
    if (!isShared) break;
    prefixes.push(prefix);
    length += prefix.length;
  }
  return { tensors: new Map([...tensors].map(([name, tensor]) => [name.slice(length), tensor])), prefixes };
}
