"""Sorts the keys of each class with numpy and prints the milliseconds and each class's key at its rank, as JSON.

Arguments: how many keys each class has, and the rank of each (from 1, from the largest; 0 = none), with commas between.
Standard input: the keys as u32, class after class.
"""
import json
import sys
import time

import numpy as np

counts, ranks = ([int(number) for number in argument.split(",")] for argument in sys.argv[1:3])
keys = np.split(np.frombuffer(sys.stdin.buffer.read(), np.uint32), np.cumsum(counts)[:-1])
start = time.perf_counter()
found = [int(np.sort(own)[len(own) - rank]) if rank else 0 for own, rank in zip(keys, ranks)]
print(json.dumps({"milliseconds": (time.perf_counter() - start) * 1000, "keys": found}))
