"""ResNet-38 "A1" of CBST in PyTorch, written from `util/symbol/resnet_v2.py` of yzou2/CBST (24439a5), not from ours."""


EPSILON = 1.001e-5
# name, number of blocks, channels of the two convolutions, stride, dilations of block a, dilations of the others
STAGES = [
    ("2", 3, (128, 128), 2, (1, 1), (1, 1)),
    ("3", 3, (256, 256), 2, (1, 1), (1, 1)),
    ("4", 6, (512, 512), 2, (1, 1), (1, 1)),
    ("5", 3, (512, 1024), 1, (1, 2), (2, 2)),
]
BOTTLENECKS = [("6", (512, 1024, 2048)), ("7", (1024, 2048, 4096))]


def wide_resnet38(x, net):
    def activate(x, name):
        return net.relu(net.batch_norm(x, name, EPSILON))

    def conv(x, name, channels, kernel, stride=1, dilation=1):
        return net.conv(x, name, channels, kernel, stride=stride, padding=(kernel - 1) // 2 * dilation, dilation=dilation)

    h = net.hidden
    x = conv(x, "conv1a", h(64), 3)
    for stage, count, (first, second), stride, dilations_a, dilations_b in STAGES:
        for index in range(count):
            name = f"res{stage}a" if index == 0 else f"res{stage}b{index}"
            d1, d2 = dilations_a if index == 0 else dilations_b
            s = stride if index == 0 else 1
            a = activate(x, f"{name}.branch2a")
            shortcut = conv(a, f"{name}.branch1", h(second), 1, s) if index == 0 else x
            y = conv(a, f"{name}.branch2a", h(first), 3, s, d1)
            y = conv(activate(y, f"{name}.branch2b1"), f"{name}.branch2b1", h(second), 3, 1, d2)
            x = shortcut + y
    for stage, (narrow, middle, wide) in BOTTLENECKS:
        name = f"res{stage}a"
        a = activate(x, f"{name}.branch2a")
        shortcut = conv(a, f"{name}.branch1", h(wide), 1)
        y = conv(a, f"{name}.branch2a", h(narrow), 1)
        y = conv(activate(y, f"{name}.branch2b1"), f"{name}.branch2b1", h(middle), 3, 1, 4)
        y = conv(activate(y, f"{name}.branch2b2"), f"{name}.branch2b2", h(wide), 1)
        x = shortcut + y
    x = activate(x, "bn7")
    x = net.relu(net.conv(x, "conv6a", h(512), 3, padding=12, dilation=12, bias=True))
    return net.conv(x, "linear", net.classes, 3, padding=12, dilation=12, bias=True)
