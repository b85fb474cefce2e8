"""What the networks in PyTorch share: parameters by a formula, the layers, the loss, and sketches of gradients.

A network is a function (images, net) -> logits. It asks `net` for its layers by our names of parameters, and is written
from the published code. The parity tests compute in float64, `bench step --network` in float32, from the same numbers,
which float32 can hold.
"""

import numpy
import torch
import torch.nn.functional as F

GOLDEN = 0x9E3779B9
IMAGES, LABELS, SKETCH, PHOTOGRAPH = 1000, 1001, 1002, 999
BUCKETS = 256


def mixed(first, count):
    """mix(i + first) of i < count, as whole numbers below 2³²: `../shared/vectors/lidar/README.md`."""
    h = (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(first % 2 ** 32)).astype(numpy.uint32)
    h ^= h >> numpy.uint32(16)
    h *= numpy.uint32(0x7FEB352D)
    h ^= h >> numpy.uint32(15)
    h *= numpy.uint32(0x846CA68B)
    return h ^ (h >> numpy.uint32(16))


def uniform(t, count):
    """The formula's x in [−1, 1) of tensor number t."""
    return mixed(GOLDEN * (t + 1), count).astype(numpy.float64) / 2 ** 32 * 2 - 1


def as_float32(values, shape):
    return torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64).reshape(shape))


def images_of(seed, batch, height, width, channels=3):
    shape = (batch, channels, height, width)
    return as_float32(0.5 * uniform(IMAGES + 3 * seed, int(numpy.prod(shape))), shape)


def bytes_of(height, width):
    """A photograph of bytes red, green and blue, [height, width, 3]."""
    values = mixed(GOLDEN * (PHOTOGRAPH + 1), height * width * 3) >> numpy.uint32(24)
    return torch.from_numpy(values.astype(numpy.uint8).reshape(height, width, 3))


def labels_of(seed, batch, height, width, classes):
    """Every eleventh pixel is ignored."""
    count = batch * height * width
    labels = (mixed(GOLDEN * (LABELS + 3 * seed + 1), count) % classes).astype(numpy.uint8)
    labels[5::11] = 255
    return torch.from_numpy(labels.reshape(batch, height, width))


class Net:
    """
    The layers, and the parameters as they are asked for.

    factors: parameters whose names end like a key are multiplied. names: those of all parameters; the place of one is
    its number in the formula. Without them, the order in which they are asked for.
    """

    def __init__(self, classes, width=1.0, training=False, factors=None, names=None, dtype=torch.float64, device="cpu",
                 **variant):
        self.classes, self.width, self.training, self.factors = classes, width, training, factors or {}
        self.numbers = None if names is None else {name: t for t, name in enumerate(names)}
        self.dtype, self.device = dtype, device
        self.variant = variant
        self.parameters, self.running = {}, {}

    def hidden(self, channels):
        return channels if self.width == 1 else max(4, 4 * int(channels * self.width / 4 + 0.5))

    def parameter(self, name, shape, trained=True):
        if name not in self.parameters:
            t = len(self.parameters) if self.numbers is None else self.numbers[name]
            x = uniform(t, int(numpy.prod(shape)))
            part = name.rsplit(".", 1)[1]
            values = {
                "weight": lambda: x * (3 / numpy.prod(shape[1:])) ** 0.5,
                "bias": lambda: 0.1 * x,
                "gamma": lambda: 1 + 0.2 * x,
                "beta": lambda: 0.1 * x,
                "mean": lambda: 0.1 * x,
                "var": lambda: 1 + 0.5 * x,
            }[part]()
            for end, factor in self.factors.items():
                values = values * factor if name.endswith(end) else values
            self.parameters[name] = as_float32(values, shape).to(self.device, self.dtype).requires_grad_(trained)
        return self.parameters[name]

    def conv(self, x, name, channels, kernel, bias=False, **options):
        w = self.parameter(f"{name}.weight", (channels, x.shape[1], kernel, kernel))
        b = self.parameter(f"{name}.bias", (channels,)) if bias else None
        return F.conv2d(x, w, b, **options)

    def batch_norm(self, x, name, epsilon):
        trained = self.variant.get("batchNorm") != "frozen"
        gamma, beta = [self.parameter(f"{name}.bn.{part}", (x.shape[1],), trained) for part in ("gamma", "beta")]
        statistics = [self.parameter(f"{name}.bn.{part}", (x.shape[1],), False) for part in ("mean", "var")]
        if self.training:
            statistics = [value.clone() for value in statistics]
            self.running[name] = statistics
        return F.batch_norm(x, *statistics, gamma, beta, training=self.training, momentum=0.1, eps=epsilon)

    def relu(self, x):
        return F.relu(x)

    def leaky_relu(self, x, slope):
        return F.leaky_relu(x, slope)

    def max_pool(self, x, kernel, **options):
        return F.max_pool2d(x, kernel, **options)


def loss_of(logits, labels, align_corners):
    logits = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=align_corners)
    return F.cross_entropy(logits, labels.long(), ignore_index=255)


def sketch(values):
    """
    A tensor of at most BUCKETS numbers as it is. Of others, sums with signs: number i goes to a bucket, and its sign, by
    the formula. The squared length of a sketch is that of the tensor, give or take √(2 / BUCKETS); so is that of the
    difference of two tensors.
    """
    values = values.detach().cpu().double().flatten().numpy()
    if values.size <= BUCKETS:
        return torch.from_numpy(values.copy())
    h = mixed(GOLDEN * (SKETCH + 1), values.size)
    signs = 1.0 - 2.0 * ((h >> numpy.uint32(31)) & numpy.uint32(1))
    sums = numpy.bincount((h % BUCKETS).astype(numpy.int64), weights=signs * values, minlength=BUCKETS)
    return torch.from_numpy(sums)
