"""The truth that foreign readers are held against: a native set, read with OpenCV and json alone."""
import json
import os

import cv2
import numpy as np


def sequences(folder):
    """[(name, split, frames)] in natural order; a frame is a dict of image, mask, boxes (x, y, w, h from 0) and ids."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    found = []
    for entry in manifest["sequences"]:
        frames = []
        with open(os.path.join(folder, "annotations", entry["name"] + ".jsonl"), encoding="utf-8") as file:
            for line in file:
                label = json.loads(line)
                seen = [target for target in label["targets"] if target["area_px"] > 0]
                frames.append({
                    "image": read(os.path.join(folder, "image", entry["name"], label["frame"])),
                    "mask": read(os.path.join(folder, "mask", entry["name"], label["frame"])) > 127,
                    "boxes": [tuple(target["box_xywh"]) for target in seen],
                    "ids": [target["id"] for target in seen],
                    "classes": [target["class"] for target in seen],
                    "centroids": [target["centroid_xy"] for target in seen],
                    "name": label["frame"]})
        found.append((entry["name"], entry["split"], frames))
    return found


def read(path):
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"cannot read {path}")
    return image


def require(condition, what):
    if not condition:
        raise SystemExit(f"differs: {what}")


def same(a, b, what):
    require(np.array_equal(a, b), what)
