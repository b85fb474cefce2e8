"""load.py NETWORK CLASSES WIDTH FILE.safetensors: loads it with strict=True and prints how many tensors it holds."""
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
            tensor = torch.frombuffer(data[start:end], dtype=types[entry["dtype"]])
            tensors[name] = tensor.reshape(entry["shape"])
    return tensors


name, classes, width, path = sys.argv[1:5]
tensors = read_safetensors(path)
network(name, int(classes), float(width)).load_state_dict(tensors, strict=True)
print(len(tensors))
