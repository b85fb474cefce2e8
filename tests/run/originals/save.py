"""save.py FOLDER WIDTH CLASSES NETWORK…: files of random weights as torch.save writes them, by turns an archive and a
stream of pickles, and the logits of image.rgb, which holds 24×40 pixels of three bytes."""
import sys

import numpy as np
import torch
from networks import network, randomized

folder, width, classes, *names = sys.argv[1:]
image = np.fromfile(f"{folder}/image.rgb", dtype=np.uint8).reshape(24, 40, 3).astype(np.float32)
rgb = (image / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
bgr = image[:, :, ::-1] - [104.00698793, 116.66876762, 122.67891434]
for index, name in enumerate(names):
    torch.manual_seed(index)
    model = randomized(network(name, int(classes), float(width)), index)
    torch.save(model.state_dict(), f"{folder}/{name}.pth", _use_new_zipfile_serialization=index % 2 == 0)
    if not name.startswith("fcn"):
        pixels = (bgr if name.endswith("-multi") else rgb).astype(np.float32)
        with torch.no_grad():
            logits = model(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None])
        np.save(f"{folder}/{name}.npy", logits[0].numpy())
