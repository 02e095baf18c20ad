#!/usr/bin/python3
"""Reads COCO(-VID) by its public description and compares it with the native set. Arguments: native, converted."""
import json
import os
import sys

import numpy as np
from native_truth import read, require, same, sequences

native, converted = sys.argv[1:]


def mask_of(segmentation):
    """Uncompressed runs: zeros first, column by column."""
    height, width = segmentation["size"]
    flat = np.zeros(height * width, bool)
    place = 0
    for i, run in enumerate(segmentation["counts"]):
        flat[place:place + run] = i % 2 == 1
        place += run
    require(place == flat.size, "sum of the runs")
    return flat.reshape((height, width), order="F")


count = 0
for split in ("train", "val", "test"):
    truth = [(name, frames) for name, part, frames in sequences(native) if part == split]
    path = os.path.join(converted, "annotations", f"instances_{split}.json")
    require(os.path.exists(path) == bool(truth), path)
    if not truth:
        continue
    with open(path, encoding="utf-8") as file:
        coco = json.load(file)
    category = {entry["id"]: entry["name"] for entry in coco["categories"]}
    videos = {entry["id"]: entry["name"] for entry in coco.get("videos", [])}
    images = {image["file_name"]: image for image in coco["images"]}
    of_image = {}
    for annotation in coco["annotations"]:
        of_image.setdefault(annotation["image_id"], []).append(annotation)
    require(len({a["id"] for a in coco["annotations"]}) == len(coco["annotations"]), "ids of annotations")
    for name, frames in truth:
        for t, frame in enumerate(frames):
            image = images.pop(f"{name}/{frame['name']}")
            pixels = read(os.path.join(converted, "images", split, image["file_name"]))
            same(pixels, frame["image"], image["file_name"])
            require((image["height"], image["width"]) == pixels.shape, "size")
            labels = of_image.get(image["id"], [])
            require([tuple(label["bbox"]) for label in labels] == frame["boxes"], f"boxes of {image['file_name']}")
            require([category[label["category_id"]] for label in labels] == frame["classes"], "classes")
            union = np.zeros(pixels.shape, bool)
            for label in labels:
                own = mask_of(label["segmentation"])
                rows, columns = np.nonzero(own)
                require(label["area"] == own.sum() and label["iscrowd"] == 0, "area")
                require(tuple(label["bbox"]) == (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1), "bbox of the mask")
                union |= own
            same(union, frame["mask"], f"mask of {image['file_name']}")
            if videos:
                require(videos[image["video_id"]] == name and image["frame_id"] == t, "video")
                require([label["instance_id"] for label in labels] == frame["ids"], "ids")
            count += 1
    require(not images, "images that the native set does not have")
print(f"coco: {count} frames equal")
