#!/usr/bin/python3
"""Reads MOT Challenge ground truth by its public description and compares it. Arguments: native, converted."""
import configparser
import csv
import os
import sys

from native_truth import read, require, same, sequences

native, converted = sys.argv[1:]
count = 0
for name, split, frames in sequences(native):
    folder = os.path.join(converted, split, name)
    info = configparser.ConfigParser()
    info.read(os.path.join(folder, "seqinfo.ini"))
    info = info["Sequence"]
    height, width = frames[0]["image"].shape
    require((info["name"], int(info["seqLength"]), int(info["imWidth"]), int(info["imHeight"])) ==
            (name, len(frames), width, height), f"seqinfo.ini of {name}")
    truth = {}
    with open(os.path.join(folder, "gt", "gt.txt"), encoding="utf-8") as file:
        for row in csv.reader(file):
            require(len(row) == 9 and float(row[6]) == 1, "nine columns, flag 1")
            left, top, box_width, box_height = map(float, row[2:6])
            truth.setdefault(int(row[0]), {})[int(row[1])] = (left - 1, top - 1, box_width, box_height)
    for t, frame in enumerate(frames, 1):
        same(read(os.path.join(folder, info["imDir"], f"{t:06d}{info['imExt']}")), frame["image"], f"frame {t} of {name}")
        require(truth.pop(t, {}) == dict(zip(frame["ids"], frame["boxes"])), f"boxes of frame {t} of {name}")
        count += 1
    require(not truth, f"frames of gt.txt beyond {name}")
print(f"mot: {count} frames equal")
