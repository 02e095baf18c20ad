#!/usr/bin/python3
"""Recomputes the dataset_id of a data set in the native layout (docs/formats.md) from its files, without mirst.

Usage: dataset_id.py DIR. Prints the id; exit status 1 when the manifest holds another one.
"""
import hashlib
import json
import pathlib
import sys

import cv2


def content_hash(path):
    if path.suffix == ".jsonl":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)  # (height, width), uint8 or uint16
    height, width = pixels.shape
    head = f"{height}x{width}:u{8 * pixels.itemsize}:".encode()
    return hashlib.sha256(head + pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()).hexdigest()


def merkle_root(leaves):
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i:i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + p[0] + p[1]).digest() if len(p) == 2 else p[0] for p in pairs]
    return (level[0] if level else hashlib.sha256().digest()).hex()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    paths = sorted((p for p in manifest["files"] if not p.endswith(".txt")), key=lambda p: p.encode())
    dataset_id = merkle_root(f"{p} {content_hash(folder / p)}".encode() for p in paths)
    print(dataset_id)
    return 0 if dataset_id == manifest["dataset_id"] else 1


if __name__ == "__main__":
    sys.exit(main())
