"""DeepLabv2 on ResNets in PyTorch, written from `deeplab/model.py` of yzou2/CRST (f7e4df0), and for two heads from
`model/deeplab_multi.py` of wasidennis/AdaptSegNet (fca9ff0), not from ours."""


EPSILON = 1e-5
RATES = [6, 12, 18, 24]
# Blocks of each layer, and whether they are bottlenecks.
RESNETS = {101: ((3, 4, 23, 3), True), 50: ((3, 4, 6, 3), True), 18: ((2, 2, 2, 2), False)}
# Channels, stride of the first block, dilation of all.
LAYERS = [(64, 1, 1), (128, 2, 1), (256, 1, 2), (512, 1, 4)]


def deeplabv2_resnet(depth):
    blocks, is_bottleneck = RESNETS[depth]

    def conv(x, net, name, channels, kernel, stride=1, dilation=1):
        y = net.conv(x, name, channels, kernel, stride=stride, padding=kernel // 2 * dilation, dilation=dilation)
        return net.batch_norm(y, name, EPSILON)

    def bottleneck(x, net, name, planes, stride, dilation):
        first, second = (stride, 1) if net.variant.get("strideIn", "1x1") == "1x1" else (1, stride)
        y = net.relu(conv(x, net, f"{name}.conv1", net.hidden(planes), 1, first))
        y = net.relu(conv(y, net, f"{name}.conv2", net.hidden(planes), 3, second, dilation))
        return conv(y, net, f"{name}.conv3", net.hidden(planes * 4), 1)

    def basic(x, net, name, planes, stride, dilation):
        y = net.relu(conv(x, net, f"{name}.conv1", net.hidden(planes), 3, stride, dilation))
        return conv(y, net, f"{name}.conv2", net.hidden(planes), 3, 1, dilation)

    def head(x, net, name):
        branches = net.variant.get("branches", 4)
        found = [net.conv(x, f"{name}.rate{rate}", net.classes, 3, True, padding=rate, dilation=rate)
                 for rate in RATES[:branches]]
        unused_head(x, net, name, RATES[branches:])
        return sum(found[1:], found[0])

    def unused_head(x, net, name, rates):
        for rate in rates:
            net.parameter(f"{name}.rate{rate}.weight", (net.classes, x.shape[1], 3, 3), False)
            net.parameter(f"{name}.rate{rate}.bias", (net.classes,), False)

    def network(x, net):
        two = net.variant.get("heads") == "layer5+layer6"
        x = net.relu(conv(x, net, "conv1", net.hidden(64), 7, 2))
        x = net.max_pool(x, 3, stride=2, padding=1, ceil_mode=True)
        for index, (planes, step, dilation) in enumerate(LAYERS):
            if two and index == 3:
                unused_head(x, net, "layer5", RATES)
            for number in range(blocks[index]):
                name = f"layer{index + 1}.{number}"
                stride = step if number == 0 else 1
                y = (bottleneck if is_bottleneck else basic)(x, net, name, planes, stride, dilation)
                if number == 0 and (is_bottleneck or index > 0):
                    x = conv(x, net, f"{name}.downsample", y.shape[1], 1, stride)
                x = net.relu(y + x)
        return head(x, net, "layer6" if two else "layer5")

    return network
