/**
 * WGSL as it stands in `shaders/`, made into the text that the adapter compiles.
 *
 * Three mechanical steps, documented with examples in `shaders/README.md`:
 * `#include <file>` inserts a file of `shaders/lib/`; `const NAME: type = value;` lines get the values of one kernel
 * variant; `#unroll i in 0..COUNT { … $i … }` repeats its body. Nothing else is ever done to shader text.
 *
 * @module
 */

import { library } from "./shader_library.ts";

/** A WGSL file: the name it has in messages and profiles, and its text. */
export interface ShaderSource {
  /** Path below `shaders/`, without extension: `"conv/conv2d"`. */
  readonly name: string;
  /** The file's text. */
  readonly text: string;
  /** For `#include NAME` lines whose file the host chooses: the file of `shaders/lib/` for each name. */
  readonly includes?: Readonly<Record<string, string>>;
}

/** Values for the `const` declarations of a shader file. */
export type ShaderConstants = Readonly<Record<string, number | boolean>>;

/**
 * The WGSL of one kernel variant: includes inserted, constants set, unrolled.
 *
 * @throws {Error} if an include or a constant does not exist, or an `#unroll` cannot be read.
 */
export function specialize(source: ShaderSource, constants: ShaderConstants = {}): string {
  const included = insertIncludes(source);
  const constant = setConstants(included, constants, source.name);
  return unroll(constant, readConstants(constant), source.name);
}

function insertIncludes(source: ShaderSource): string {
  return source.text.replace(/^#include (\S+)$/gm, (_line, name: string) => {
    const text = library[source.includes?.[name] ?? name];
    if (text === undefined) throw new Error(`Cannot expand ${source.name}: there is no include "${name}"`);
    return insertIncludes({ ...source, text }).trimEnd();
  });
}

const declaration = /^const (\w+): (u32|i32|f32|bool) = ([^;]+);/gm;

function setConstants(text: string, constants: ShaderConstants, name: string): string {
  const missing = new Set(Object.keys(constants));
  const result = text.replace(declaration, (line, constant: string, type: string) => {
    const value = constants[constant];
    if (value === undefined) return line;
    missing.delete(constant);
    return `const ${constant}: ${type} = ${literal(value, type)};`;
  });
  if (missing.size > 0) throw new Error(`Cannot expand ${name}: it declares no constant ${[...missing].join(", ")}`);
  return result;
}

function literal(value: number | boolean, type: string): string {
  if (type === "bool") return String(Boolean(value));
  const number = Number(value);
  if (!Number.isFinite(number)) throw new Error(`Cannot write ${number} as a WGSL constant`);
  if (type === "f32") {
    const digits = Math.fround(number).toString();
    return /[.e]/.test(digits) ? `${digits}f` : `${digits}.0f`;
  }
  if (!Number.isInteger(number)) throw new Error(`Cannot write ${number} as a WGSL ${type}`);
  return type === "u32" ? `${number}u` : `${number}i`;
}

function readConstants(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, type, value] of text.matchAll(declaration)) {
    if (name === undefined || value === undefined || type === "bool" || type === "f32") continue;
    values.set(name, evaluate(value, values));
  }
  return values;
}

/**
 * The most vec4f of classes for which a kernel's text names each. Drivers take long to compile long text: with 64 of them
 * a software adapter took a minute per kernel. Beyond, kernels loop over the classes.
 */
export const mostUnrolled = 16;

const unrollHead = /#unroll (\w+) in (.+?)\.\.(.+?) \{/;

/** Expands the outermost `#unroll` blocks from the first to the last, each body recursively. */
function unroll(text: string, values: ReadonlyMap<string, number>, name: string): string {
  const head = unrollHead.exec(text);
  if (head === null) return text;
  const [matched, variable = "", from = "", to = ""] = head;
  const bodyStart = head.index + matched.length;
  const bodyEnd = closingBrace(text, bodyStart, name);
  const body = text.slice(bodyStart, bodyEnd);
  let expanded = "";
  for (let index = evaluate(from, values); index < evaluate(to, values); index++) {
    const inner = new Map(values).set(variable, index);
    const iteration = unroll(body, inner, name);
    expanded += substitute(iteration, variable, inner);
  }
  return text.slice(0, head.index) + expanded + unroll(text.slice(bodyEnd + 1), values, name);
}

/** Replaces `$i`, and every `$(expression)` whose variables are all known. */
function substitute(text: string, variable: string, values: ReadonlyMap<string, number>): string {
  const plain = text.replace(new RegExp(`\\$${variable}(?![A-Za-z0-9])`, "g"), String(values.get(variable)));
  return plain.replace(/\$\(([^()]+)\)/g, (whole, expression: string) => {
    const names = expression.match(/[A-Za-z_]\w*/g) ?? [];
    return names.every((name) => values.has(name)) ? String(evaluate(expression, values)) : whole;
  });
}

function closingBrace(text: string, start: number, name: string): number {
  for (let depth = 1, index = start; index < text.length; index++) {
    if (text[index] === "{") depth++;
    if (text[index] === "}" && --depth === 0) return index;
  }
  throw new Error(`Cannot expand ${name}: an #unroll block is not closed`);
}

/** Integer arithmetic with `+ - * /` (truncating), left to right by precedence; no parentheses. */
function evaluate(expression: string, values: ReadonlyMap<string, number>): number {
  const tokens = expression.trim().replace(/^-/, "0-").replace(/\b(\d+)[ui]\b/g, "$1").match(/\w+|[-+*/]/g) ?? [];
  const operand = (token: string | undefined): number => {
    const value = token === undefined ? undefined : /^\d+$/.test(token) ? Number(token) : values.get(token);
    if (value === undefined) throw new Error(`Cannot evaluate "${expression}": ${token ?? "a value"} is not known`);
    return value;
  };
  let sum = 0;
  let sign = 1;
  let product = operand(tokens[0]);
  for (let index = 1; index < tokens.length; index += 2) {
    const right = operand(tokens[index + 1]);
    if (tokens[index] === "*") product *= right;
    else if (tokens[index] === "/") product = Math.trunc(product / right);
    else {
      sum += sign * product;
      sign = tokens[index] === "-" ? -1 : 1;
      product = right;
    }
  }
  return sum + sign * product;
}

/** What a shader declares at `@binding(index)`. */
export type BindingKind = "read-only-storage" | "storage" | "uniform" | "texture";

const declaredKinds: Readonly<Record<string, BindingKind>> = {
  "uniform": "uniform",
  "storage, read": "read-only-storage",
  "storage, read_write": "storage",
  "texture_2d": "texture",
};

/** The bindings of group 0 in order, read from the declarations. */
export function bindingKinds(text: string, name: string): BindingKind[] {
  const kinds: BindingKind[] = [];
  const declared =
    /@group\(0\) @binding\((\d+)\) var(?:<(uniform|storage, read|storage, read_write)>| \w+: (texture_2d)<)/g;
  for (const [, binding, access, texture] of text.matchAll(declared)) {
    const kind = declaredKinds[access ?? texture ?? ""];
    if (kind !== undefined) kinds[Number(binding)] = kind;
  }
  if (kinds.length === 0 || kinds.includes(undefined as never)) {
    throw new Error(`Cannot use ${name}: its bindings are not numbered 0, 1, 2, …`);
  }
  return kinds;
}
