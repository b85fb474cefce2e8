/**
 * Models in the ONNX format. It has only the few protobuf messages that the reference workload needs.
 *
 * @module
 */

/** Encoded messages. */
export type Bytes = Uint8Array<ArrayBuffer>;

function joined(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  return Uint8Array.from(bytes);
}

/** A field: a whole number, a text, or bytes (an embedded message among them). */
function field(number: number, value: number | string | Bytes): Bytes {
  if (typeof value === "number") return joined([varint(number * 8), varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return joined([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** An operator's attribute. */
export type Attribute = string | number | readonly number[];

function attribute(name: string, value: Attribute): Bytes {
  const [content, type] = typeof value === "string"
    ? [[field(4, value)], 3]
    : typeof value === "number"
    ? [[field(3, value)], 2]
    : [value.map((number) => field(8, number)), 7];
  return joined([field(1, name), ...content, field(20, type)]);
}

/** An operator of a graph. */
export function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): Bytes {
  return joined([
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, operator),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  ]);
}

/** A constant. */
export function floatTensor(name: string, shape: readonly number[], values: Float32Array): Bytes {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return joined([...shape.map((side) => field(1, side)), field(2, 1), field(8, name), field(9, bytes)]);
}

/** An input or output. */
export function valueInfo(name: string, shape: readonly number[]): Bytes {
  const sides = joined(shape.map((side) => field(1, field(1, side))));
  return joined([field(1, name), field(2, field(1, joined([field(1, 1), field(2, sides)])))]);
}

/** The parts of a graph. */
export interface Graph {
  readonly nodes: readonly Bytes[];
  readonly constants: readonly Bytes[];
  readonly inputs: readonly Bytes[];
  readonly outputs: readonly Bytes[];
}

/** A model, operators of version 13. */
export function model({ nodes, constants, inputs, outputs }: Graph): Bytes {
  const graph = joined([
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, "reference"),
    ...constants.map((bytes) => field(5, bytes)),
    ...inputs.map((bytes) => field(11, bytes)),
    ...outputs.map((bytes) => field(12, bytes)),
  ]);
  return joined([field(1, 8), field(7, graph), field(8, joined([field(1, ""), field(2, 13)]))]);
}
