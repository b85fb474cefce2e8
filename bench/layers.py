"""Writes into bench/layers.json what PyTorch says about its layers in float64: up to 32 elements of each result.

Run: python3 bench/layers.py     (needs python3-torch)

Sizes stand in bench/layers.json, inputs and positions are those of bench/layer_data.ts. bench/peers/pytorch.py runs the
same layers in float32.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from reference import EPSILON, labels, mixed, tensor, text_hash

FILE = pathlib.Path(__file__).with_name("layers.json")
FACTOR, SAMPLES = 8, 32


def directions(layer):
    alone = ["dx", "dw"] if layer["kind"] in ("convolution", "depthwise") else []
    return ["forward", *alone, "forward+backward"]


def inputs_of(layer):
    """Images, what is learned, and the gradient at the result; by name."""
    batch, channels, kind = layer["batch"], layer["channels"], layer["kind"]
    shape = (batch, layer["inputs"], layer["height"], layer["width"])
    found = {"x": tensor("x", shape, 0.5, 0.5) if kind == "max pool" else tensor("x", shape, 1)}
    if kind in ("convolution", "depthwise"):
        inputs = 1 if kind == "depthwise" else layer["inputs"]
        found["w"] = tensor("w", (channels, inputs, layer["kernel"], layer["kernel"]), 0.1)
    if kind == "batch norm":
        found |= {"gamma": tensor("gamma", (channels,), 0.5, 1), "beta": tensor("beta", (channels,), 0.5)}
    if kind == "upsample":
        shape = (batch, channels, layer["height"] * FACTOR, layer["width"] * FACTOR)
    elif kind != "cross-entropy":
        shape = (batch, channels, layer["height"] // layer["stride"], layer["width"] // layer["stride"])
    gradient = torch.tensor(1.0) if kind == "cross-entropy" else tensor("dy", shape, 1)
    return found, gradient


def output_of(layer, training):
    """The function of the inputs by name that the layer is."""
    kind, stride, dilation, channels = layer["kind"], layer["stride"], layer["dilation"], layer["channels"]
    padding = dilation if layer["kernel"] == 3 else 0
    if kind in ("convolution", "depthwise"):
        groups = channels if kind == "depthwise" else 1
        return lambda x, w: F.conv2d(x, w, None, stride, padding, dilation, groups)
    if kind == "batch norm":
        frozen = (None, None) if training else (tensor("mean", (channels,), 0.5), tensor("variance", (channels,), 0.5, 1))
        return lambda x, gamma, beta: F.relu(F.batch_norm(x, *frozen, gamma, beta, training, 0.0, EPSILON))
    if kind == "max pool":
        return lambda x: F.max_pool2d(x, 3, stride, padding)

    def upsample(x):
        return F.interpolate(x, scale_factor=FACTOR, mode="bilinear", align_corners=False)

    if kind == "upsample":
        return upsample
    wanted = labels()
    return lambda x: F.cross_entropy(upsample(x), wanted, ignore_index=255)


def runner(layer, direction):
    """What computes the results of a direction, by name; called once for each launch."""
    values, gradient = inputs_of(layer)
    wanted = {"forward": [], "dx": ["x"], "dw": ["w"]}.get(direction, list(values))
    for name in wanted:
        values[name].requires_grad_()
    function = output_of(layer, direction != "forward")
    if direction == "forward":
        with torch.no_grad():
            return lambda: {"y": function(**values)}
    if direction in ("dx", "dw"):
        output = function(**values)
        return lambda: {direction: torch.autograd.grad(output, values[wanted[0]], gradient, retain_graph=True)[0]}

    def both():
        output = function(**values)
        found = torch.autograd.grad(output, [values[name] for name in wanted], gradient)
        return {"y": output} | {f"d{name}": one for name, one in zip(wanted, found)}

    return both


def sampled(result):
    flat = result.detach().flatten()
    positions = (mixed(min(SAMPLES, len(flat)), text_hash("samples")) % len(flat)).astype(np.int64)
    return flat[torch.from_numpy(positions)].tolist()


def main():
    torch.set_default_dtype(torch.float64)
    layers = json.loads(FILE.read_text())["layers"]
    for layer in layers:
        layer["values"] = [
            {"direction": direction, "result": name, "samples": [float(f"{one:.7g}") for one in sampled(result)]}
            for direction in directions(layer)
            for name, result in runner(layer, direction)().items()
        ]
    made = f"python3 bench/layers.py, PyTorch {torch.__version__}, float64"
    FILE.write_text(json.dumps({"made": made, "layers": layers}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
