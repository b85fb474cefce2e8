"""load.py FOLDER WIDTH CLASSES NETWORK…: loads NETWORK.safetensors with strict=True, compares each with NETWORK.pth bit
by bit, and prints how many tensors there are."""
import json
import struct
import sys

import torch
from networks import network

types = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[start:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


folder, width, classes, *names = sys.argv[1:]
for name in names:
    model = network(name, int(classes), float(width))
    model.load_state_dict(read_safetensors(f"{folder}/{name}.safetensors"), strict=True)
    before = torch.load(f"{folder}/{name}.pth")
    after = model.state_dict()
    compared = [key for key in after if not key.endswith("num_batches_tracked")]
    assert all(torch.equal(after[key], before[key]) for key in compared), name
    print(name, len(compared))
