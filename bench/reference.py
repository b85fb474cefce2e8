"""Writes bench/reference.json: what PyTorch says about the reference workload of bench/reference_data.ts, in float64.

Run: python3 bench/reference.py > bench/reference.json     (needs python3-torch; takes minutes)

The layers, weights, images and labels are those of bench/reference_data.ts, made by the same function of an index.
bench/peers/pytorch.py runs the same network in float32.
"""
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

BATCH, HEIGHT, WIDTH, CLASSES, RATES = 2, 256, 512, 19, [1, 6, 12, 18]
LEARNING_RATE, MOMENTUM, EPSILON, STEPS = 0.01, 0.9, 1e-5, 3
SAMPLES = 64


def text_hash(text):
    value = 0x811C9DC5
    for letter in text.encode():
        value = ((value ^ letter) * 0x01000193) & 0xFFFFFFFF
    return value


def mixed(count, stream):
    value = (np.arange(count, dtype=np.uint64) * 0x9E3779B1 & 0xFFFFFFFF) ^ stream
    value = (value ^ (value >> 16)) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ (value >> 13)) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ (value >> 16)


def tensor(name, shape, spread, middle=0.0):
    values = middle + spread * (mixed(int(np.prod(shape)), text_hash(name)) / 2.0**31 - 1)
    return torch.from_numpy(values.astype(np.float32).reshape(shape)).to(torch.get_default_dtype())


def labels():
    squares = mixed((BATCH * HEIGHT // 16) * (WIDTH // 16), text_hash("labels")) % (CLASSES + 1)
    squares = np.where(squares == CLASSES, 255, squares).astype(np.int64)
    squares = squares.reshape(BATCH * HEIGHT // 16, WIDTH // 16)
    return torch.from_numpy(squares.repeat(16, 0).repeat(16, 1).reshape(BATCH, HEIGHT, WIDTH))


class Network:
    def __init__(self):
        self.parameters = {}
        self.running = {}

    def parameter(self, name, shape, spread, middle=0.0):
        if name not in self.parameters:
            self.parameters[name] = tensor(name, shape, spread, middle).requires_grad_()
        return self.parameters[name]

    def conv(self, x, name, channels, kernel, stride, dilation, training):
        weight, gamma, beta = self.normalized(name, (channels, x.shape[1], kernel, kernel))
        y = F.conv2d(x, weight, None, stride, dilation if kernel == 3 else 0, dilation)
        if training:
            return F.batch_norm(y, None, None, gamma, beta, True, 0.0, EPSILON)
        return F.batch_norm(y, *self.statistics(name, channels), gamma, beta, False, 0.0, EPSILON)

    def normalized(self, name, shape):
        weight = self.parameter(f"{name}.weight", shape, (6 / (shape[1] * shape[2] ** 2)) ** 0.5)
        gamma = self.parameter(f"{name}.bn.gamma", shape[:1], 0.1, 1.0)
        return weight, gamma, self.parameter(f"{name}.bn.beta", shape[:1], 0.1)

    def statistics(self, name, channels):
        running = tensor(f"{name}.bn.running", (2, channels), 0.2)
        return running[0], (1 + running[1]).float().to(running.dtype)

    def logits(self, x, training):
        x = F.relu(self.conv(x, "stem1", 32, 3, 2, 1, training))
        x = F.relu(self.conv(x, "stem2", 64, 3, 2, 1, training))
        for stage, (count, channels, stride, dilation) in enumerate([(4, 64, 1, 1), (4, 128, 2, 1), (2, 256, 1, 2)]):
            for index in range(count):
                name = f"stage{stage + 1}.block{index + 1}"
                step = stride if index == 0 else 1
                y = F.relu(self.conv(x, f"{name}.conv1", channels, 3, step, dilation, training))
                y = self.conv(y, f"{name}.conv2", channels, 3, 1, dilation, training)
                if step != 1 or x.shape[1] != channels:
                    x = self.conv(x, f"{name}.projection", channels, 1, step, 1, training)
                x = F.relu(x + y)
        return sum(self.head(x, rate) for rate in RATES)

    def head(self, x, rate):
        spread = (6 / (256 * 9)) ** 0.5 / 10
        weight = self.parameter(f"head.rate{rate}.weight", (CLASSES, 256, 3, 3), spread)
        bias = self.parameter(f"head.rate{rate}.bias", (CLASSES,), 0.01)
        return F.conv2d(x, weight, bias, 1, rate, rate)


def upsampled(logits):
    return F.interpolate(logits, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)


def main():
    torch.set_default_dtype(torch.float64)
    network = Network()
    images, wanted = tensor("images", (BATCH, 3, HEIGHT, WIDTH), 2.0), labels()
    with torch.no_grad():
        forward = upsampled(network.logits(images, False)).flatten()
    positions = (mixed(SAMPLES, text_hash("samples")) % len(forward)).astype(np.int64)
    losses, optimizer = [], None
    for step in range(STEPS):
        loss = F.cross_entropy(upsampled(network.logits(images, True)), wanted, ignore_index=255)
        optimizer = optimizer or torch.optim.SGD(network.parameters.values(), LEARNING_RATE, MOMENTUM)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            norm = sum(float((p.grad**2).sum()) for p in network.parameters.values()) ** 0.5
        optimizer.step()
        losses.append(float(loss))
        print(f"step {step}: {losses[-1]} at {time.process_time():.0f} s of CPU", file=sys.stderr)
    print(json.dumps({
        "made": f"python3 bench/reference.py, PyTorch {torch.__version__}, float64",
        "parameters": sum(p.numel() for p in network.parameters.values()),
        "losses": losses,
        "gradientNorm": norm,
        "forward": {"index": positions.tolist(), "value": forward[torch.from_numpy(positions)].tolist()},
    }, indent=1))


if __name__ == "__main__":
    main()
