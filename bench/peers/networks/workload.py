"""A network of `bench step --network` in PyTorch, in float32, on the first CUDA device or else the CPU.

The step is ours: forward, interpolated cross-entropy, backward, SGD. Nothing is dropped, so that results can be compared.
"""
import json
import time

import torch
import torch.nn.functional as F

from deeplabv2_resnet import deeplabv2_resnet
from fcn8s_vgg16 import fcn8s_vgg16
from fidnet import fidnet
from net import Net, bytes_of, images_of, labels_of, loss_of, sketch
from wide_resnet38 import wide_resnet38

NETWORKS = {
    "deeplabv2-resnet101": deeplabv2_resnet(101),
    "deeplabv2-resnet50": deeplabv2_resnet(50),
    "deeplabv2-resnet18": deeplabv2_resnet(18),
    "wideresnet38": wide_resnet38,
    "fcn8s-vgg16": fcn8s_vgg16,
    "fidnet": fidnet("fidnet"),
    "fidnet-nano": fidnet("fidnet-nano"),
}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_MEAN = (104.00698793, 116.66876762, 122.67891434)


class NetworkWorkload:
    """`asked`: what `describeNetwork` of bench/network_run.ts says."""

    def __init__(self, asked):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
            torch.backends.cudnn.benchmark = True
        self.asked = asked
        self.network = NETWORKS[asked["network"]]
        variant = dict(asked["variant"])
        self.net = Net(asked["classes"], variant.pop("width"), False, asked["factors"], asked["names"], torch.float32,
                       self.device, **variant)
        batch, height, width = asked["batch"], *asked["size"]
        self.images = images_of(0, batch, height, width, asked["channels"]).to(self.device, torch.float32)
        self.wanted = labels_of(0, batch, height, width, asked["classes"]).long().to(self.device)
        with torch.no_grad():
            self.network(self.images, self.net)
        missing = set(asked["names"]) - set(self.net.parameters)
        if missing:
            raise ValueError(f"the network in PyTorch has no parameter {min(missing)}")
        self.learned = {name: p for name, p in self.net.parameters.items() if p.requires_grad}
        self.optimizer = torch.optim.SGD(self.learned.values(), asked["rate"], asked["momentum"])

    def facts(self):
        name = torch.cuda.get_device_name() if self.device == "cuda" else "CPU"
        return {"milliseconds": 0, "device": name, "version": torch.__version__}

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def step(self):
        self.net.training = self.net.variant.get("batchNorm") == "trained"
        self.wait()
        start = time.perf_counter()
        self.optimizer.zero_grad()
        loss = loss_of(self.network(self.images, self.net), self.wanted, self.asked["alignCorners"])
        loss.backward()
        self.optimizer.step()
        value = float(loss)
        self.wait()
        return {"milliseconds": (time.perf_counter() - start) * 1000, "loss": value}

    def gradients(self):
        """Sketches of the gradients of the last step."""
        return {"milliseconds": 0, "results": {name: sketch(p.grad).tolist() for name, p in self.learned.items()}}

    @torch.no_grad()
    def label(self):
        """Labels an image of bytes, until the labels are in the CPU's hands. Gives those of some pixels."""
        self.net.training = False
        label = self.asked["label"]
        size = label["size"]
        pixels = bytes_of(*size)
        self.wait()
        start = time.perf_counter()
        image = self.normalized(pixels.to(self.device))
        total = 0
        for side, mirror in label["views"]:
            x = F.interpolate(image, side, mode="bilinear", align_corners=False)
            logits = self.network(x.flip(3) if mirror else x, self.net)
            logits = logits.flip(3) if mirror else logits
            logits = F.interpolate(logits, size, mode="bilinear", align_corners=self.asked["alignCorners"])
            total = total + F.softmax(logits, 1)
        labels = total.argmax(1).to(torch.uint8).cpu()
        milliseconds = (time.perf_counter() - start) * 1000
        return {"milliseconds": milliseconds, "values": labels.flatten()[label["pixels"]].tolist()}

    def normalized(self, pixels):
        image = pixels.permute(2, 0, 1)[None].float()
        if self.net.variant.get("colors") == "caffe":
            return image.flip(1) - torch.tensor(CAFFE_MEAN, device=self.device).view(1, 3, 1, 1)
        mean, deviation = (torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        return (image / 255 - mean) / deviation


def answer(found, line):
    """`network JSON`, `network-step`, `network-gradients`, `network-label`."""
    kind, _, rest = line.partition(" ")
    if kind == "network":
        found["workload"] = NetworkWorkload(json.loads(rest))
        return found["workload"].facts()
    workload = found["workload"]
    if kind == "network-label":
        return workload.label()
    return workload.step() if kind == "network-step" else workload.gradients()
