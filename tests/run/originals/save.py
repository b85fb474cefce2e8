"""save.py NETWORK CLASSES WIDTH FILE [legacy]: a file of random weights as torch.save writes them, whole or legacy."""
import sys

import torch
from networks import network, randomized

name, classes, width, path = sys.argv[1:5]
torch.manual_seed(1)
model = randomized(network(name, int(classes), float(width)), 2)
torch.save(model.state_dict(), path, _use_new_zipfile_serialization="legacy" not in sys.argv[5:])
