/**
 * Inference of the reference network and of single layers as ONNX models.
 *
 * @module
 */

import { layerInput, outputShape, type SingleLayer } from "../layer_data.ts";
import { batch, classes, height, outputStride, type ReferenceLayer, width } from "../reference_data.ts";
import { foldedLayers, labelShares, paddingOf, referenceNetwork } from "./network.ts";
import { type Bytes, floatTensor, type Graph, model, node, valueInfo } from "./onnx.ts";

/** Input `images` `[N, 3, H, W]`, output `logits` `[N, classes, H, W]`. */
export function referenceModel(): Bytes {
  const nodes: Bytes[] = [];
  const add = (...[operator, inputs, , attributes]: Parameters<typeof node>): string => {
    const output = `value${nodes.length}`;
    nodes.push(node(operator, inputs, output, attributes));
    return output;
  };
  const relu = (x: string) => add("Relu", [x], "");
  const convolution = (x: string, layer: ReferenceLayer) => {
    return add("Conv", [x, `${layer.name}.weight`, `${layer.name}.bias`], "", {
      ...window(layer),
      dilations: [layer.dilation, layer.dilation],
    });
  };
  const logits = referenceNetwork<string>("images", {
    layer: (x, layer, rectified) => rectified ? relu(convolution(x, layer)) : convolution(x, layer),
    head: convolution,
    add: (a, b) => add("Add", [a, b], ""),
    relu,
  });
  nodes.push(resize(logits, "logits"));
  const weights = [...foldedLayers().values()].flatMap(({ name, channels, inputs, kernel, weight, bias }) => [
    floatTensor(`${name}.weight`, [channels, inputs, kernel, kernel], weight),
    floatTensor(`${name}.bias`, [channels], bias),
  ]);
  return model({
    nodes,
    constants: [...weights, scales()],
    inputs: [valueInfo("images", [batch, 3, height, width])],
    outputs: [valueInfo("logits", [batch, classes, height, width])],
  });
}

/** Inference of a single layer: input `x` `[N, C, H, W]`, output `y`. */
export function layerModel(layer: SingleLayer): Bytes {
  const { kind, dilation, channels } = layer;
  const constant = (name: string) => {
    const { shape, values } = layerInput(layer, name);
    return floatTensor(name, shape, values);
  };
  const dilations = [dilation, dilation];
  const isDepthwise = kind === "depthwise";
  const parts: Pick<Graph, "nodes" | "constants"> = kind === "convolution" || isDepthwise
    ? {
      nodes: [node("Conv", ["x", "w"], "y", { ...window(layer), dilations, group: isDepthwise ? channels : 1 })],
      constants: [constant("w")],
    }
    : kind === "batch norm"
    ? {
      nodes: [
        node("BatchNormalization", ["x", "gamma", "beta", "mean", "variance"], "normal"),
        node("Relu", ["normal"], "y"),
      ],
      constants: ["gamma", "beta", "mean", "variance"].map(constant),
    }
    : kind === "max pool"
    ? { nodes: [node("MaxPool", ["x"], "y", window(layer))], constants: [] }
    : kind === "upsample"
    ? { nodes: [resize("x", "y")], constants: [scales()] }
    : {
      nodes: [
        resize("x", "large"),
        node("Softmax", ["large"], "probabilities", { axis: 1 }),
        node("Log", ["probabilities"], "logarithms"),
        node("Mul", ["logarithms", "shares"], "products"),
        node("ReduceSum", ["products"], "sum", { keepdims: 0 }),
        node("Neg", ["sum"], "y"),
      ],
      constants: [scales(), floatTensor("shares", [batch, classes, height, width], labelShares())],
    };
  return model({
    ...parts,
    inputs: [valueInfo("x", layerInput(layer, "x").shape)],
    outputs: [valueInfo("y", kind === "cross-entropy" ? [] : outputShape(layer))],
  });
}

function window(layer: ReferenceLayer) {
  const { kernel, stride } = layer;
  const pad = paddingOf(layer);
  return { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
}

function resize(from: string, to: string): Bytes {
  return node("Resize", [from, "", "scales"], to, {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  });
}

function scales(): Bytes {
  return floatTensor("scales", [4], Float32Array.of(1, 1, outputStride, outputStride));
}
