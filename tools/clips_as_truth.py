#!/usr/bin/env python3
"""Clips with loose boxes as a truth that `mirst evaluate --data` takes.

    tools/clips_as_truth.py OUT CLIP... [--clips N] [--frames N]

CLIP is a folder of PNG frames with boxes.csv (frame,class,x,y,width,height; 1-based, real numbers), or a folder of such
folders. Writes OUT/image (links), OUT/mask (boxes filled: P1's and IoU's numbers mean little, P5's are what counts) and
OUT/boxes (0-based). Clips without boxes.csv are left out.
"""
import argparse
import csv
import os
import struct
import zlib
from pathlib import Path


def png_size(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:24])


def write_mask(path, width, height, boxes):
    rows = [bytearray(width) for _ in range(height)]
    for x, y, box_width, box_height in boxes:
        left, top = max(0, round(x)), max(0, round(y))
        right, bottom = min(width, round(x + box_width)), min(height, round(y + box_height))
        for row in rows[top:bottom]:
            row[left:right] = b"\xff" * max(0, right - left)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
              (b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in chunks:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def clips_in(folders):
    for folder in map(Path, folders):
        for clip in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]:
            if (clip / "boxes.csv").exists():
                yield clip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("clips", nargs="+", metavar="clip")
    parser.add_argument("--clips", dest="most_clips", type=int)
    parser.add_argument("--frames", type=int)
    arguments = parser.parse_args()
    for clip in list(clips_in(arguments.clips))[: arguments.most_clips]:
        boxes = {}
        with open(clip / "boxes.csv", newline="") as file:
            for row in csv.DictReader(file):
                box = [float(row[key]) for key in ("x", "y", "width", "height")]
                boxes.setdefault(Path(row["frame"]).stem, []).append([box[0] - 1, box[1] - 1, *box[2:]])
        for kind in ("image", "mask"):
            (arguments.out / kind / clip.name).mkdir(parents=True, exist_ok=True)
        (arguments.out / "boxes").mkdir(exist_ok=True)
        with open(arguments.out / "boxes" / f"{clip.name}.csv", "w") as table:
            table.write("frame,x,y,width,height\n")
            for frame in sorted(clip.glob("*.png"))[: arguments.frames]:
                link = arguments.out / "image" / clip.name / frame.name
                if not link.exists():
                    os.symlink(frame.resolve(), link)
                here = boxes.get(frame.stem, [])
                write_mask(arguments.out / "mask" / clip.name / frame.name, *png_size(frame), here)
                for box in here:
                    table.write(f"{frame.stem},{','.join(f'{value:.2f}' for value in box)}\n")


if __name__ == "__main__":
    main()
