"""The networks as the papers' code defines them, so that PyTorch checks the names and shapes of weight files.

CRST: github.com/yzou2/CRST, f7e4df0, deeplab/model.py. AdaptSegNet: github.com/wasidennis/AdaptSegNet, fca9ff0,
model/deeplab_multi.py. FCN8s: github.com/wkentaro/pytorch-fcn, 4b98850, torchfcn/models/fcn8s.py. Only the width is ours.
"""
import torch
from torch import nn


def hidden(channels, width):
    return channels if width == 1 else max(4, 4 * int(channels * width / 4 + 0.5))


class Bottleneck(nn.Module):
    def __init__(self, inputs, channels, outputs, stride, dilation, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = downsample

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(nn.Module):
    def __init__(self, inputs, channels, outputs, stride, dilation, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, dilation, dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = downsample

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Classifier(nn.Module):
    def __init__(self, inputs, classes, summed=4):
        super().__init__()
        self.conv2d_list = nn.ModuleList(nn.Conv2d(inputs, classes, 3, 1, rate, rate) for rate in (6, 12, 18, 24))
        self.summed = summed

    def forward(self, x):
        return sum(branch(x) for branch in self.conv2d_list[:self.summed])


class DeepLab(nn.Module):
    def __init__(self, blocks, classes, width, bottleneck=True, heads=1, summed=4):
        super().__init__()
        self.heads = heads
        inputs = hidden(64, width)
        self.conv1 = nn.Conv2d(3, inputs, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        before = inputs
        for layer, (count, base, stride, dilation) in enumerate(zip(blocks, (64, 128, 256, 512), (1, 2, 1, 1), (1, 1, 2, 4))):
            channels = hidden(base, width)
            outputs = hidden(base * 4, width) if bottleneck else channels
            members = []
            for index in range(count):
                changes = index == 0 and (bottleneck or layer > 0)
                step = stride if index == 0 else 1
                downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, step, bias=False), nn.BatchNorm2d(outputs)) if changes else None
                members.append((Bottleneck if bottleneck else BasicBlock)(inputs, channels, outputs, step, dilation, downsample))
                if layer == 2:
                    before = outputs
                inputs = outputs
            setattr(self, f"layer{layer + 1}", nn.Sequential(*members))
        if heads == 1:
            self.layer5 = Classifier(inputs, classes, summed)
        else:
            self.layer5, self.layer6 = Classifier(before, classes, summed), Classifier(inputs, classes, summed)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return (self.layer5 if self.heads == 1 else self.layer6)(x)


class FCN8s(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        inputs = 3
        for stage, (count, base) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))):
            for index in range(count):
                channels = hidden(base, width)
                padding = 100 if stage == 0 and index == 0 else 1
                setattr(self, f"conv{stage + 1}_{index + 1}", nn.Conv2d(inputs, channels, 3, padding=padding))
                inputs = channels
        self.fc6 = nn.Conv2d(inputs, hidden(4096, width), 7)
        self.fc7 = nn.Conv2d(hidden(4096, width), hidden(4096, width), 1)
        self.score_fr = nn.Conv2d(hidden(4096, width), classes, 1)
        self.score_pool3 = nn.Conv2d(hidden(256, width), classes, 1)
        self.score_pool4 = nn.Conv2d(hidden(512, width), classes, 1)
        self.upscore2 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.upscore8 = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False)
        self.upscore_pool4 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        for layer in (self.upscore2, self.upscore8, self.upscore_pool4):
            layer.weight.data.copy_(bilinear(classes, layer.kernel_size[0]))


def bilinear(classes, size):
    factor = (size + 1) // 2
    center = factor - 1 if size % 2 == 1 else factor - 0.5
    line = 1 - (torch.arange(size, dtype=torch.float64) - center).abs() / factor
    weight = torch.zeros(classes, classes, size, size, dtype=torch.float64)
    for index in range(classes):
        weight[index, index] = line[:, None] * line[None, :]
    return weight.float()


def network(name, classes, width):
    """A network by its name: ours, with `-multi` for two heads."""
    plain, _, multi = name.partition("-multi")
    if plain == "fcn8s-vgg16":
        return FCN8s(classes, width)
    blocks, bottleneck = {
        "deeplabv2-resnet18": ((2, 2, 2, 2), False),
        "deeplabv2-resnet50": ((3, 4, 6, 3), True),
        "deeplabv2-resnet101": ((3, 4, 23, 3), True),
    }[plain]
    return DeepLab(blocks, classes, width, bottleneck, *((2, 2) if name.endswith("-multi") else (1, 4)))


def randomized(model, seed):
    """The network with random statistics and scales as well, so that all of them show in the logits."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()
