"""Makes the fixtures of the parity tests: python3 tests/nn/parity/make_fixtures.py [CASE …]

With --full CASE FILE FLOAT32_FILE: the same network at full width, with all gradients, for `full_width.ts`, and the same
numbers as PyTorch computes them in float32. Options there: --seed N.

A fixture holds the logits in evaluation mode, and of a training step without dropout the logits, the loss, and the
gradient of every parameter, as a sketch (`net.py`). Weights, images and labels are not in it: they follow from a formula.
The images' seed is the one of twenty with which no value comes near a kink of ReLU or a tie of max pooling: there
rounding alone would change gradients.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

ROOT = Path(__file__).parents[3]
sys.path += [str(ROOT / "src/selftest/fixtures"), str(ROOT / "bench/peers/networks")]
from make import write_safetensors  # noqa: E402

from deeplabv2_resnet import deeplabv2_resnet  # noqa: E402
from fcn8s_vgg16 import fcn8s_vgg16  # noqa: E402
from fidnet import fidnet  # noqa: E402
from net import Net, images_of, labels_of, loss_of, sketch  # noqa: E402
from wide_resnet38 import wide_resnet38  # noqa: E402

FOLDER = Path(__file__).parent / "fixtures"
CLASSES, WIDTH, SEEDS = 5, 0.125, 20

# Name of the case: network, our model's name, variant, size of the images, whether corners are aligned, and factors on
# parameters by the end of their names.
CASES = {
    "wideresnet38": (wide_resnet38, "wideresnet38", {}, (2, 75, 101), False),
    "wideresnet38-trained": (wide_resnet38, "wideresnet38", {"batchNorm": "trained"}, (2, 75, 101), False),
    "fcn8s-vgg16": (fcn8s_vgg16, "fcn8s-vgg16", {}, (1, 75, 101), False),
    "fcn8s-vgg16-unscaled": (fcn8s_vgg16, "fcn8s-vgg16", {"skipScale": False}, (1, 38, 51), False),
    "deeplabv2-resnet101": (deeplabv2_resnet(101), "deeplabv2-resnet101", {"batchNorm": "frozen"}, (2, 43, 59), True),
    # By the formula alone, PyTorch's own float32 lies 2e-4 from its float64: each of the 33 blocks adds as much as it
    # gets. In trained networks it adds less.
    "deeplabv2-resnet101-trained": (deeplabv2_resnet(101), "deeplabv2-resnet101", {"batchNorm": "trained"}, (2, 43, 59),
                                    True, {"conv3.bn.gamma": 0.25}),
    "deeplabv2-resnet50-affine": (deeplabv2_resnet(50), "deeplabv2-resnet50", {"batchNorm": "affine", "strideIn": "3x3"},
                                  (2, 43, 59), True),
    "deeplabv2-resnet50-two-heads": (deeplabv2_resnet(50), "deeplabv2-resnet50",
                                     {"batchNorm": "frozen", "heads": "layer5+layer6", "branches": 2}, (1, 43, 59), True),
    "deeplabv2-resnet18": (deeplabv2_resnet(18), "deeplabv2-resnet18", {"batchNorm": "frozen"}, (2, 75, 101), True),
    "deeplabv2-resnet18-trained": (deeplabv2_resnet(18), "deeplabv2-resnet18", {"batchNorm": "trained"}, (2, 75, 101),
                                   True),
    "fidnet": (fidnet("fidnet"), "fidnet", {"batchNorm": "trained", "inputs": 6}, (2, 13, 37), True),
    "fidnet-nano": (fidnet("fidnet-nano"), "fidnet-nano", {"batchNorm": "trained", "inputs": 9}, (2, 12, 33), True),
}


class WatchedNet(Net):
    """Notes how near a value comes to where rounding changes a gradient."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.margin = float("inf")

    def relu(self, x):
        """Notes how near a value lies to the kink, in parts of the tensor's magnitude."""
        value = x.detach()
        self.margin = min(self.margin, float(value.abs().min() / value.square().mean().sqrt()))
        return super().relu(x)

    def leaky_relu(self, x, slope):
        """As for ReLU."""
        value = x.detach()
        self.margin = min(self.margin, float(value.abs().min() / value.square().mean().sqrt()))
        return super().leaky_relu(x, slope)

    def max_pool(self, x, kernel, **options):
        """Notes how near the two largest values of a window lie to each other, unless they are the same by nature."""
        value = x.detach()
        side = options.get("padding", 0)
        stride = options["stride"]
        around = F.pad(value, (side, side + kernel, side, side + kernel), value=-1e9)
        windows = around.unfold(2, kernel, stride).unfold(3, kernel, stride).flatten(4)
        largest = windows.topk(2, dim=4).values
        gap = (largest[..., 0] - largest[..., 1])[(largest[..., 1] > -1e9) & (largest[..., 0] > 0)]
        gap = gap[gap > 1e-13]
        if gap.numel() > 0:
            self.margin = min(self.margin, float(gap.min() / value.square().mean().sqrt()))
        return super().max_pool(x, kernel, **options)


def traced(case, seed, width, training, dtype=torch.float64):
    network, _, variant, (batch, height, columns), _, *factors = CASES[case]
    net = WatchedNet(CLASSES, width, training, dict(*factors), dtype=dtype, **variant)
    return net, network(images_of(seed, batch, height, columns, variant.get("inputs", 3)).to(dtype), net)


def trains_statistics(case):
    return CASES[case][2].get("batchNorm") == "trained"


def best_seed(case, width):
    def margin(seed):
        with torch.no_grad():
            return traced(case, seed, width, trains_statistics(case))[0].margin

    seed = max(range(SEEDS), key=margin)
    print(f"{case}: seed {seed}, nearest kink {margin(seed):.2e}")
    return seed


def tensors_of(case, seed, width, kept, dtype=torch.float64):
    """Logits, loss, gradients (each as `kept` makes it) and running statistics, and the names of the parameters."""
    _, _, _, (batch, height, columns), align_corners, *_ = CASES[case]
    net, logits = traced(case, seed, width, trains_statistics(case), dtype)
    value = loss_of(logits, labels_of(seed, batch, height, columns, CLASSES), align_corners)
    learned = {name: p for name, p in net.parameters.items() if p.requires_grad}
    gradients = torch.autograd.grad(value, list(learned.values()))
    tensors = {"logits": logits, "loss": value.reshape(1)}
    if trains_statistics(case):
        with torch.no_grad():
            tensors["evaluation logits"] = traced(case, seed, width, False, dtype)[1]
        for name, statistics in net.running.items():
            tensors[f"running {name}"] = torch.stack(statistics)
    tensors.update({f"d {name}": kept(gradient) for name, gradient in zip(learned, gradients)})
    return tensors, list(net.parameters)


def make(case, path, width, seed, kept, dtype=torch.float64):
    _, model, variant, (batch, height, columns), _, *factors = CASES[case]
    tensors, names = tensors_of(case, seed, width, kept, dtype)
    facts = {"model": model, "variant": {**variant, **({} if width == 1 else {"width": width})}, "classes": CLASSES,
             "batch": batch, "size": [height, columns], "seed": seed, "factors": dict(*factors),
             "parameters": names}
    write_safetensors(path, tensors, {"case": json.dumps(facts)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--full", nargs=3, metavar=("CASE", "FILE", "FLOAT32_FILE"))
    parser.add_argument("--seed", default="0")
    parser.add_argument("--images")
    options = parser.parse_args()
    if options.full:
        case, *paths = options.full
        if options.images:
            network, model, variant, _, *others = CASES[case]
            CASES[case] = (network, model, variant, tuple(int(side) for side in options.images.split("x")), *others)
        seed = best_seed(case, 1) if options.seed == "best" else int(options.seed)
        for path, dtype in zip(paths, (torch.float64, torch.float32)):
            make(case, Path(path), 1, seed, lambda gradient: gradient, dtype)
        return
    for case in options.cases or CASES:
        make(case, FOLDER / f"{case}.safetensors", WIDTH, best_seed(case, WIDTH), sketch)


if __name__ == "__main__":
    main()
