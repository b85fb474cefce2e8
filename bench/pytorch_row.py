"""Times the reference workload in PyTorch as `crosswalk bench overhead` times ours: rows of steps, with a wait after the last.

Run: python3 bench/pytorch_row.py     (needs PyTorch; takes the first CUDA device where there is one, else the CPU)

Float32 as it stands, without TF32, and where there is CUDA also with TF32, which rounds the factors of products to ten bits.
"""
import statistics
import time

import torch
import torch.nn.functional as F

import reference

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
ROW_SECONDS, ROWS = 0.5, 5

cpu_tensor = reference.tensor
reference.tensor = lambda *arguments: cpu_tensor(*arguments).to(DEVICE)


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def row(work, count):
    start = time.perf_counter()
    for _ in range(count):
        work()
    wait()
    return (time.perf_counter() - start) * 1000 / count


def median_of_rows(work):
    count = 1
    for _ in range(3):
        count = max(1, round(ROW_SECONDS * 1000 / row(work, count)))
    return statistics.median(row(work, count) for _ in range(ROWS))


def main():
    network = reference.Network()
    images = reference.tensor("images", (reference.BATCH, 3, reference.HEIGHT, reference.WIDTH), 2.0)
    wanted = reference.labels().to(DEVICE)
    with torch.no_grad():
        network.logits(images, True)
    optimizer = torch.optim.SGD(network.parameters.values(), reference.LEARNING_RATE, reference.MOMENTUM)
    losses = []

    def step():
        optimizer.zero_grad()
        logits = reference.upsampled(network.logits(images, True))
        loss = F.cross_entropy(logits, wanted, ignore_index=255)
        loss.backward()
        optimizer.step()
        if len(losses) < 3:
            losses.append(float(loss))

    name = torch.cuda.get_device_name() if DEVICE == "cuda" else "the CPU"
    for tf32 in [False, True] if DEVICE == "cuda" else [False]:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        milliseconds = median_of_rows(step)
        print(f"PyTorch {torch.__version__} on {name}{', TF32' if tf32 else ''}: a step takes {milliseconds:.1f} ms")
    print("losses of the first three steps:", *losses)


main()
