"""FCN8s on VGG16 in PyTorch, after `torchfcn/models/fcn8s.py` of wkentaro/pytorch-fcn (4b98850), not from ours.

The transposed convolutions are those of PyTorch with the full kernels [C, C, k, k], zero off the diagonal.
"""

import functools

import torch
import torch.nn.functional as F

STAGES = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]


@functools.lru_cache(maxsize=None)
def bilinear_kernel(channels, k, dtype, device):
    """`get_upsampling_weight`: one bilinear kernel for each channel."""
    factor = (k + 1) // 2
    center = factor - 1 if k % 2 == 1 else factor - 0.5
    line = 1 - (torch.arange(k, dtype=torch.float64) - center).abs() / factor
    weight = torch.zeros(channels, channels, k, k, dtype=torch.float64)
    for channel in range(channels):
        weight[channel, channel] = line[:, None] * line[None, :]
    return weight.to(device, dtype)


def upscore(x, k, stride):
    return F.conv_transpose2d(x, bilinear_kernel(x.shape[1], k, x.dtype, x.device), stride=stride)


def fcn8s_vgg16(x, net):
    image, h, pools = x, net.hidden, []
    for stage, (count, channels) in enumerate(STAGES):
        for index in range(count):
            padding = 100 if stage == 0 and index == 0 else 1
            x = net.relu(net.conv(x, f"conv{stage + 1}_{index + 1}", h(channels), 3, padding=padding, bias=True))
        x = net.max_pool(x, 2, stride=2, ceil_mode=True)
        pools.append(x)
    x = net.relu(net.conv(x, "fc6", h(4096), 7, bias=True))
    x = net.relu(net.conv(x, "fc7", h(4096), 1, bias=True))
    x = net.conv(x, "score_fr", net.classes, 1, bias=True)
    scales = (0.01, 0.0001) if net.variant.get("skipScale", True) else (1, 1)
    upscore2 = upscore(x, 4, 2)
    c = net.conv(pools[3] * scales[0], "score_pool4", net.classes, 1, bias=True)
    c = c[:, :, 5:5 + upscore2.shape[2], 5:5 + upscore2.shape[3]]
    upscore_pool4 = upscore(upscore2 + c, 4, 2)
    c = net.conv(pools[2] * scales[1], "score_pool3", net.classes, 1, bias=True)
    c = c[:, :, 9:9 + upscore_pool4.shape[2], 9:9 + upscore_pool4.shape[3]]
    x = upscore(upscore_pool4 + c, 16, 8)
    return x[:, :, 31:31 + image.shape[2], 31:31 + image.shape[3]]
