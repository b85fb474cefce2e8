"""The reference workload and single layers in PyTorch on the CPU in float32, speaking the protocol of serve.ts, and the
networks of `bench step --network`, which run on a CUDA device where there is one.

It is no WebGPU engine: what it measures is what the same processor does without a GPU's interface in between.
"""
import json
import os
import pathlib
import sys
import time

import torch
import torch.nn.functional as F

sys.path[:0] = [str(pathlib.Path(__file__).parents[1]), str(pathlib.Path(__file__).parent / "networks")]
import layers  # noqa: E402
import reference  # noqa: E402
import workload as networks  # noqa: E402

HERE = pathlib.Path(__file__).parents[1]


class Workload:
    def __init__(self):
        self.network = reference.Network()
        self.images = reference.tensor("images", (reference.BATCH, 3, reference.HEIGHT, reference.WIDTH), 2.0)
        self.wanted = reference.labels()
        self.positions = json.loads((HERE / "reference.json").read_text())["forward"]["index"]
        self.optimizer = None
        self.folded = None

    def step(self):
        if self.optimizer is None:
            with torch.no_grad():
                self.network.logits(self.images, True)
            rate, momentum = reference.LEARNING_RATE, reference.MOMENTUM
            self.optimizer = torch.optim.SGD(self.network.parameters.values(), rate, momentum)
        start = time.perf_counter()
        self.optimizer.zero_grad()
        logits = reference.upsampled(self.network.logits(self.images, True))
        loss = F.cross_entropy(logits, self.wanted, ignore_index=255)
        loss.backward()
        self.optimizer.step()
        return {"milliseconds": (time.perf_counter() - start) * 1000, "loss": float(loss)}

    @torch.no_grad()
    def forward(self):
        self.folded = self.folded or FoldedNetwork()
        start = time.perf_counter()
        logits = reference.upsampled(self.folded.logits(self.images, False))
        milliseconds = (time.perf_counter() - start) * 1000
        return {"milliseconds": milliseconds, "values": logits.flatten()[self.positions].tolist()}


class FoldedNetwork(reference.Network):
    """Inference of the initial weights with batch norm folded into the convolutions."""

    def __init__(self):
        super().__init__()
        self.folded = {}

    def conv(self, x, name, channels, kernel, stride, dilation, training):
        if name not in self.folded:
            shape = (channels, x.shape[1], kernel, kernel)
            weight, gamma, beta = self.normalized(name, shape)
            mean, variance = self.statistics(name, channels)
            scale = gamma / torch.sqrt(variance + reference.EPSILON)
            self.folded[name] = (weight * scale[:, None, None, None], beta - mean * scale)
        return F.conv2d(x, *self.folded[name], stride, dilation if kernel == 3 else 0, dilation)


def layer(found, direction, launches, name):
    if found.get("asked") != (direction, name):
        description = next(one for one in json.loads(layers.FILE.read_text())["layers"] if one["name"] == name)
        found.update(asked=(direction, name), run=layers.runner(description, direction))
    start = time.perf_counter()
    for _ in range(launches):
        results = found["run"]()
    milliseconds = (time.perf_counter() - start) * 1000
    return {"milliseconds": milliseconds, "results": {name: layers.sampled(one) for name, one in results.items()}}


def main():
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    print(json.dumps({"ready": True}), flush=True)
    workload, found, network = None, {}, {}
    for line in sys.stdin:
        kind, *rest = line.rstrip("\n").split(" ", 3)
        try:
            if kind.startswith("network"):
                answer = networks.answer(network, line.rstrip("\n"))
            elif kind == "layer":
                answer = layer(found, rest[0], int(rest[1]), rest[2])
            else:
                workload = workload or Workload()
                answer = workload.step() if kind == "step" else workload.forward()
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


main()
