#!/usr/bin/python3
"""Reads NUDT-MIRSDT as its users do (SciPy, OpenCV) and compares it with the native set. Arguments: native, converted."""
import os
import sys

import numpy as np
from native_truth import read, require, same, sequences

try:
    from scipy.io import loadmat
except ImportError:
    print("python3-scipy is not installed")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)

native, converted = sys.argv[1:]
listed = []
for split in ("train", "val", "test"):
    path = os.path.join(converted, split + ".txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            listed += [(split, line.strip()) for line in file]
count = 0
for number, (_, split, frames) in enumerate(sequences(native), 1):
    for t, frame in enumerate(frames):
        name = f"Sequence{number}/Mix/{t + 1:05d}.mat"
        require((split, name) in listed, f"{name} in {split}.txt")
        mix = np.array(loadmat(os.path.join(converted, name))["Mix"])
        require(mix.shape[0] >= 5 and mix.dtype == frame["image"].dtype, f"shape and type of {name}")
        for back in range(5):
            same(mix[-1 - back], frames[max(t - back, 0)]["image"], f"plane {-1 - back} of {name}")
        mask = read(os.path.join(converted, name.replace("Mix", "masks").replace(".mat", ".png")))
        same(mask > 127, frame["mask"], f"mask of {name}")
        centre = read(os.path.join(converted, name.replace("Mix", "masks_centroid").replace(".mat", ".png")))
        expected = np.zeros_like(centre)
        for x, y in frame["centroids"]:
            expected[int(np.floor(y + 0.5)), int(np.floor(x + 0.5))] = 255
        same(centre, expected, f"centroids of {name}")
        count += 1
require(count == len(listed), f"{len(listed)} listed frames, {count} true ones")
print(f"nudt_mirsdt: {count} frames equal")
