"""FIDNet in PyTorch, written from `network/ResNet.py` and `network/Fully_conv_head.py` of
placeforyiming/IROS21-FIDNet-SemanticKITTI (7f90b45), not from ours: the head's first convolution sees the joined maps."""

import torch
import torch.nn.functional as F

EPSILON = 1e-5
SLOPE = 0.01
# Channels of the stem, of all blocks, and the blocks of each stage.
TABLES = {"fidnet": ((64, 128, 256, 512), 128, (3, 4, 6, 3)), "fidnet-nano": ((8, 16, 32, 64), 32, (1, 1, 1, 1))}


def fidnet(name):
    stem, channels, stages = TABLES[name]

    def network(x, net):
        def activated(x):
            return net.leaky_relu(x, SLOPE)

        def conv(x, name, channels, kernel=1, bias=False, **options):
            return net.batch_norm(net.conv(x, name, channels, kernel, bias, **options), name, EPSILON)

        planes = net.hidden(channels)
        for index, count in enumerate(stem):
            x = activated(conv(x, f"backend.conv{index + 1}", net.hidden(count), bias=True))
        maps = [x]
        for stage, count in enumerate(stages):
            for index in range(count):
                name = f"backend.layer{stage + 1}.{index}"
                stride = 2 if stage > 0 and index == 0 else 1
                y = activated(conv(x, f"{name}.conv1", planes, 3, stride=stride, padding=1))
                y = conv(y, f"{name}.conv2", planes, 3, padding=1)
                x = activated(y + (conv(x, f"{name}.downsample", planes, stride=stride) if index == 0 else x))
            maps.append(x)
        size = maps[0].shape[2:]
        maps = [F.interpolate(y, size=size, mode="bilinear", align_corners=True) for y in maps]
        x = activated(conv(torch.cat(maps, dim=1), "semantic_head.conv_1", net.hidden(stem[-1]), bias=True))
        x = activated(conv(x, "semantic_head.conv_2", planes, bias=True))
        return net.conv(x, "semantic_head.semantic_output", net.classes, 1, bias=True)

    return network
