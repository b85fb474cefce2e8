/**
 * The reference network's inference as an ONNX model: the few messages of its protobuf format that this takes.
 *
 * @module
 */

import { batch, height, outputStride, type ReferenceLayer, width } from "../reference_data.ts";
import { type FoldedLayer, paddingOf, referenceNetwork } from "./serve.ts";

type Bytes = Uint8Array<ArrayBuffer>;

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

function attribute(name: string, value: string | readonly number[]): Bytes {
  const [content, type] = typeof value === "string"
    ? [[field(4, value)], 3]
    : [value.map((number) => field(8, number)), 7];
  return joined([field(1, name), ...content, field(20, type)]);
}

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, string | readonly number[]>> = {},
): Bytes {
  return joined([
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, operator),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  ]);
}

function floatTensor(name: string, shape: readonly number[], values: Float32Array): Bytes {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return joined([...shape.map((side) => field(1, side)), field(2, 1), field(8, name), field(9, bytes)]);
}

function valueInfo(name: string, shape: readonly number[]): Bytes {
  const sides = joined(shape.map((side) => field(1, field(1, side))));
  return joined([field(1, name), field(2, field(1, joined([field(1, 1), field(2, sides)])))]);
}

/** Input `images` `[N, 3, H, W]`, output `logits` `[N, classes, H, W]`. */
export function referenceModel(folded: ReadonlyMap<string, FoldedLayer>, classes: number): Bytes {
  const nodes: Bytes[] = [];
  const add = (...[operator, inputs, , attributes]: Parameters<typeof node>): string => {
    const output = `value${nodes.length}`;
    nodes.push(node(operator, inputs, output, attributes));
    return output;
  };
  const relu = (x: string) => add("Relu", [x], "");
  const convolution = (x: string, layer: ReferenceLayer) => {
    const { name, kernel, stride, dilation } = layer;
    const pad = paddingOf(layer);
    return add("Conv", [x, `${name}.weight`, `${name}.bias`], "", {
      ...{ kernel_shape: [kernel, kernel], strides: [stride, stride], dilations: [dilation, dilation] },
      pads: [pad, pad, pad, pad],
    });
  };
  const logits = referenceNetwork<string>("images", {
    layer: (x, layer, rectified) => rectified ? relu(convolution(x, layer)) : convolution(x, layer),
    head: convolution,
    add: (a, b) => add("Add", [a, b], ""),
    relu,
  });
  nodes.push(node("Resize", [logits, "", "scales"], "logits", {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  }));
  const weights = [...folded.values()].flatMap(({ name, channels, inputs, kernel, weight, bias }) => [
    floatTensor(`${name}.weight`, [channels, inputs, kernel, kernel], weight),
    floatTensor(`${name}.bias`, [channels], bias),
  ]);
  const graph = joined([
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, "reference"),
    ...weights.map((bytes) => field(5, bytes)),
    field(5, floatTensor("scales", [4], Float32Array.of(1, 1, outputStride, outputStride))),
    field(11, valueInfo("images", [batch, 3, height, width])),
    field(12, valueInfo("logits", [batch, classes, height, width])),
  ]);
  return joined([field(1, 8), field(7, graph), field(8, joined([field(1, ""), field(2, 13)]))]);
}
