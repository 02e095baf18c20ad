#!/usr/bin/python3
"""What a straightforward NumPy/OpenCV script needs to embed one target in each frame, beside mirst's figures.

    build/bench/throughput --json figures.json
    bench/generate_numpy.py BACKGROUNDS... [--figures figures.json] [--setting 320x256_8bit]

BACKGROUNDS are folders of PNG frames, as many sequences are made from each as --sequences says. Steps: decode, draw a
template of 8 x 8 cells a pixel (a polygon, cheaper than ray casting; its time is left out of the comparison), blur it,
area-resample it at its sub-pixel place, estimate the scene by a 7 x 7 median, solve one gain for the mean SCR (box20) of
the sequence by bisection, round, mask and coverage, measure the written SCR, encode three PNG files at level 1, hash,
write. No search for a good place, one SCR definition: less than mirst does. Processor time of one thread, ms a frame."""
import argparse
import hashlib
import json
import pathlib
import tempfile
import time

import cv2
import numpy as np

SUPERSAMPLING, SIGMA_PX, MARGIN = 8, 0.408, 20
times = {"decode": 0.0, "template": 0.0, "fuse": 0.0, "encode, hash and write": 0.0}


class timed:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.start = time.process_time()

    def __exit__(self, *_):
        times[self.name] += time.process_time() - self.start


def draw_template(radius_px, angle):
    """Opacity and contrast of a four-armed target, 8 x 8 cells a pixel."""
    size = int(2 * (radius_px + 3)) * SUPERSAMPLING
    opacity = np.zeros((size, size), np.float32)
    for arm in range(4):
        a = angle + arm * np.pi / 2
        along, across = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        corners = [s * radius_px * along * SUPERSAMPLING + w * radius_px * 0.25 * across * SUPERSAMPLING + size / 2
                   for s, w in ((0, -1), (1, -1), (1, 1), (0, 1))]
        cv2.fillPoly(opacity, [np.int32(np.round(corners))], 1.0)
    return opacity, opacity * 0.8


def resample(template, centre):
    """The blurred template averaged over pixels; its box's upper left pixel."""
    blurred = cv2.GaussianBlur(template, (0, 0), SIGMA_PX * SUPERSAMPLING)
    corner = np.floor(np.asarray(centre) - blurred.shape[0] / SUPERSAMPLING / 2).astype(int)
    shift = (np.asarray(centre) - blurred.shape[0] / SUPERSAMPLING / 2 - corner) * SUPERSAMPLING
    cells = blurred.shape[0] + SUPERSAMPLING
    moved = cv2.warpAffine(blurred, np.float32([[1, 0, shift[0]], [0, 1, shift[1]]]), (cells, cells))
    pixels = cells // SUPERSAMPLING
    return cv2.resize(moved, (pixels, pixels), interpolation=cv2.INTER_AREA), corner


def scr_of(image, mask, box):
    """box20 of the target whose mask's box is (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = box
    top, left = max(0, y0 - MARGIN), max(0, x0 - MARGIN)
    bottom, right = min(image.shape[0] - 1, y1 + MARGIN), min(image.shape[1] - 1, x1 + MARGIN)
    window, inside = image[top:bottom, left:right], mask[top:bottom, left:right]
    background = window[~inside]
    background = background[background != 0]
    return abs(window[inside].mean() - background.mean()) / (max(1.0, background.std()) + 1e-5)


def fuse_sequence(frames, templates, centres, scr):
    """Written frames, masks, coverages and their measured SCR."""
    parts = []
    for frame, (opacity, contrast), centre in zip(frames, templates, centres):
        a, (x, y) = resample(opacity, centre)
        m, _ = resample(contrast, centre)
        box = (slice(y, y + a.shape[0]), slice(x, x + a.shape[1]))
        around = np.pad(frame, 3, mode="edge")[y:y + a.shape[0] + 6, x:x + a.shape[1] + 6]
        scene = np.median(np.lib.stride_tricks.sliding_window_view(around, (7, 7)), axis=(2, 3))
        mask = np.zeros(frame.shape, bool)
        mask[box] = a >= 0.5 * a.max()
        rows, columns = np.nonzero(mask)
        parts.append((frame.astype(np.float64), a, m, box, scene, mask,
                      (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)))
    level = np.mean([(p[1] * p[4]).sum() / p[1].sum() for p in parts])

    def composed(part, gain):
        image = part[0].copy()
        image[part[3]] += part[1] * (level - part[4]) + gain * part[2]
        return np.clip(image, 0, top)

    top = 255 if frames[0].dtype == np.uint8 else 65535
    low, high = 0.0, float(top)
    for _ in range(30):
        gain = (low + high) / 2
        mean = np.mean([scr_of(composed(p, gain), p[5], p[6]) for p in parts])
        low, high = (gain, high) if mean < scr else (low, gain)
    results = []
    for part in parts:
        written = np.floor(composed(part, gain) + 0.5).astype(frames[0].dtype)
        coverage = np.zeros(written.shape, np.uint16)
        coverage[part[3]] = np.round(65535 * np.clip(part[1], 0, 1))
        results.append((written, np.uint8(255) * part[5], coverage, scr_of(written.astype(np.float64), part[5], part[6])))
    return results


def write(folder, sequence, results):
    lines = []
    for index, (image, mask, coverage, scr) in enumerate(results):
        for kind, picture in (("image", image), ("mask", mask), ("coverage", coverage)):
            _, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            hashlib.sha256(picture).hexdigest(), hashlib.sha256(png).hexdigest()
            target = folder / kind / sequence
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{index:06}.png").write_bytes(png)
        lines.append(json.dumps({"frame": f"{index:06}.png", "scr": scr}))
    (folder / f"{sequence}.jsonl").write_text("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backgrounds", nargs="+", type=pathlib.Path)
    parser.add_argument("--sequences", type=int, default=2, help="from each folder")
    parser.add_argument("--figures", type=pathlib.Path, help="of bench/throughput --json")
    parser.add_argument("--setting", default="320x256_8bit")
    flags = parser.parse_args()
    cv2.setNumThreads(1)
    random = np.random.default_rng(1)
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, folder in enumerate(flags.sequences * flags.backgrounds):
            files = sorted(folder.glob("*.png"))
            length = min(len(files), int(random.integers(40, 61)))
            first = int(random.integers(0, len(files) - length + 1))
            with timed("decode"):
                frames = [cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in files[first:first + length]]
            height, width = frames[0].shape
            start = random.uniform([60, 60], [width - 60, height - 60])
            speed = random.uniform(-0.5, 0.5, 2)
            radius = random.uniform(0.8, 5)
            with timed("template"):
                templates = [draw_template(radius, 0.02 * k) for k in range(length)]
            with timed("fuse"):
                results = fuse_sequence(frames, templates, [start + k * speed for k in range(length)],
                                        random.uniform(0.5, 8))
            with timed("encode, hash and write"):
                write(pathlib.Path(scratch), f"{number:06}", results)
            count += length
    for name, seconds in times.items():
        print(f"{name:<24} {1e3 * seconds / count:7.3f} ms a frame")
    total = 1e3 * sum(times.values()) / count
    print(f"{'all':<24} {total:7.3f} ms a frame, {count} frames")
    if flags.figures:
        figures = json.loads(flags.figures.read_text())
        ours = {name: figures[f"{flags.setting}_{name}_ms"] for name in ("fuse", "total")}
        fuse = 1e3 * times["fuse"] / count
        print(f"fusing: {fuse:.3f} / mirst's {ours['fuse']:.3f} = {fuse / ours['fuse']:.1f}")
        print(f"whole program, mirst's search and rendering included: {total:.3f} / {ours['total']:.3f} = "
              f"{total / ours['total']:.1f}")


if __name__ == "__main__":
    main()
