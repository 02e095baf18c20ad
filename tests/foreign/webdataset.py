#!/usr/bin/python3
"""Reads WebDataset shards with tarfile by the convention of keys and compares them. Arguments: native, converted."""
import glob
import json
import os
import re
import sys
import tarfile

import cv2
import numpy as np
from native_truth import require, same, sequences

native, converted = sys.argv[1:]
samples = {}
for path in sorted(glob.glob(os.path.join(converted, "*.tar"))):
    with tarfile.open(path) as archive:
        last = None
        for member in archive:
            require(member.isreg() and (member.mtime, member.uid, member.gid) == (0, 0, 0), f"header of {member.name}")
            key, extension = re.fullmatch(r"((?:.*/|)[^.]+)[.]([^/]*)", member.name).groups()
            require(key == last or key not in samples, f"members of {key} lie together")
            last = key
            samples.setdefault(key, {"shard": os.path.basename(path)})[extension] = archive.extractfile(member).read()


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


count = 0
for name, split, frames in sequences(native):
    for frame in frames:
        sample = samples.pop(f"{name}/{os.path.splitext(frame['name'])[0]}")
        require(sample["shard"].startswith(split), "split")
        same(decode(sample["png"]), frame["image"], f"image of {name}/{frame['name']}")
        same(decode(sample["mask.png"]) > 127, frame["mask"], f"mask of {name}/{frame['name']}")
        seen = [target for target in json.loads(sample["json"])["targets"] if target["area_px"] > 0]
        require([tuple(target["box_xywh"]) for target in seen] == frame["boxes"], "boxes")
        count += 1
require(not samples, "samples that the native set does not have")
print(f"webdataset: {count} frames equal")
