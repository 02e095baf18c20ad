#!/usr/bin/python3
"""What a straightforward NumPy/OpenCV/SciPy script needs to make a data set of one target a sequence, beside mirst.

    build/bench/throughput --json figures.json
    bench/generate_numpy.py BACKGROUNDS... [--figures figures.json] [--setting 320x256_8bit]

BACKGROUNDS are folders of PNG frames; as many sequences are made from each as --sequences says. The steps are those of
`mirst generate` with its default options: decode; search for a place (a pose of the area asked for, eight paths with
it, each looked at in every 7th, every 2nd and every frame: template blurred and area-resampled at its sub-pixel place
with motion smear, scene under it by a 7 x 7 median, gain solved for the mean SCR of the sequence, no frame weak or
clipped); embed, round by largest remainders, mask and coverage; measure every SCR id before and after rounding, the
empty scene, the target's own share and its detectability; encode three PNG files at level 1, hash, write.

Templates are polygons of 8 x 8 cells a pixel in place of ray casting; drawing them is timed apart and left out, as is
ray casting in the figures of mirst that they are compared with. Polygons of nearly one contrast find a place sooner than
models with hot and cold parts, so the search is compared for each placement tried, too. Simpler than mirst: the least
bad place seen is taken where none is good, and the solver knows no pixels that clip or are zero. Processor time of one
thread, ms a frame."""
import argparse
import hashlib
import json
import os
import pathlib
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy is loaded

import cv2
import numpy as np

from numpy_embedding import CELLS, Laid, embed, footprint, solve_gain

SIGMA_PX, PLACEMENTS, PATHS_A_POSE = 0.408, 160, 8
times = {"decode": 0.0, "template": 0.0, "search": 0.0, "embed and measure": 0.0, "encode, hash and write": 0.0}


class timed:
    """Adds to its own entry of `times`, and takes what is spent in entries within it out of the outer one."""

    inner = [0.0]

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.start = time.process_time()
        timed.inner.append(0.0)

    def __exit__(self, *_):
        spent = time.process_time() - self.start
        times[self.name] += spent - timed.inner.pop()
        timed.inner[-1] += spent


def draw_template(radius_px, angle):
    """Opacity of a four-armed target, 8 x 8 cells a pixel; its contrast is the same, darker at one arm."""
    with timed("template"):
        size = int(2 * (radius_px + 3)) * CELLS
        opacity = np.zeros((size, size), np.float32)
        contrast = np.zeros_like(opacity)
        for arm in range(4):
            a = angle + arm * np.pi / 2
            along, across = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
            corners = np.array([s * along + 0.25 * w * across for s, w in ((0, -1), (1, -1), (1, 1), (0, 1))])
            points = [np.int32(np.round(corners * radius_px * CELLS + size / 2))]
            cv2.fillPoly(opacity, points, 1.0)
            cv2.fillPoly(contrast, points, 0.7 if arm == 0 else 1.1)
        return opacity, contrast


class Views:
    """Blurred templates of a turning target; one serves while no point of it moves by more than a cell."""

    def __init__(self, radius_px, angle, turn):
        self.radius_px, self.angle, self.turn = radius_px, angle, turn
        self.hold = max(1, min(60, int(1 / max(1e-9, abs(turn) * max(radius_px * CELLS, 1 / np.deg2rad(2))))))
        self.blurred = {}

    def at(self, frame):
        first = frame - frame % self.hold
        if first not in self.blurred:
            drawn = draw_template(self.radius_px, self.angle + first * self.turn)
            self.blurred[first] = [cv2.GaussianBlur(part, (0, 0), SIGMA_PX * CELLS) for part in drawn]
        return self.blurred[first]


def draw_pose(random, area_px):
    """A target turned anyhow whose mask, centred on a pixel, has about the area asked for."""
    angle, turn = random.uniform(0, 2 * np.pi), np.deg2rad(random.uniform(-0.5, 0.5))
    radius = np.sqrt(area_px) * 0.9
    for _ in range(8):
        views = Views(radius, angle, turn)
        opacity, _, _ = footprint(views.at(0), np.zeros(2))
        area = np.count_nonzero(2 * opacity >= opacity.max())
        if abs(area - area_px) <= max(0.5, 0.03 * area_px):
            break
        radius = max(0.3, radius * np.sqrt(area_px / area))
    return views


def draw_path(random, length, width, height, margin):
    """Centres and velocities of a straight or accelerated path inside the frame, or None."""
    heading, speed = random.uniform(0, 2 * np.pi), random.uniform(0.2, 4)
    velocity = speed * np.array([np.cos(heading), np.sin(heading)])
    acceleration = random.uniform(0, 0.05) if random.random() < 0.5 else 0.0
    direction = random.uniform(0, 2 * np.pi)
    acceleration = acceleration * np.array([np.cos(direction), np.sin(direction)])
    t = np.arange(length)[:, None]
    path = velocity * t + 0.5 * acceleration * t**2
    low, high = margin - path.min(0), np.array([width, height]) - 1 - margin - path.max(0)
    if (low > high).any():
        return None
    return path + random.uniform(low, high), velocity + acceleration * t


def lay(frames, views, path, step):
    laid = []
    for k in range(0, len(frames), step):
        view = views.at(k if step == 1 else round(4 * k / (len(frames) - 1)) * (len(frames) - 1) // 4)
        laid.append(Laid(frames[k], view, path[0][k], path[1][k]))
        if not laid[-1].inside:
            return None
    level = np.mean([part.level for part in laid])
    for part in laid:
        part.refer(level)
    return laid


def fault_of(laid, gain, polarity, scr, limits):
    """Shares of weak and of clipped frames; 1 when the target adds less than half of the SCR."""
    weak, clipped, added = 0, 0, []
    for part in laid:
        real = part.base + gain * part.m
        composed = np.clip(real, *limits)
        d0, d, s0, c, v = part.moments
        sigma = max(1, np.sqrt(max(0, s0 + 2 * c * gain + v * gain**2)))
        added.append(polarity * (composed - part.background)[part.mask].mean() / sigma)
        weak += added[-1] <= 0
        clipped += bool((real != composed)[part.mask].any())
    return (1 if np.mean(added) < 0.5 * scr else weak / len(laid)) + clipped / len(laid)


def find_place(random, frames, limits, request):
    """The first good placement, else the least bad one: laid in every frame, with its gain."""
    area, scr, polarity = request
    height, width = frames[0].shape
    best, best_fault, views = None, np.inf, None
    for placement in range(PLACEMENTS):
        if placement % PATHS_A_POSE == 0:
            views = draw_pose(random, area)
        path = draw_path(random, len(frames), width, height, views.radius_px + 6)
        if path is None:
            continue
        for step in (7, 2, 1):
            laid = lay(frames, views, path, step)
            gain = solve_gain(laid, scr, polarity, 4 * (limits[1] - limits[0])) if laid else None
            fault = np.inf if gain is None else fault_of(laid, gain, polarity, scr, limits)
            if fault > 0:
                break
        if fault < best_fault:
            best, best_fault = (views, path, gain), fault
        if fault == 0:
            break
    if best is None:
        raise SystemExit("no place was found")
    return best, placement + 1


def write(folder, sequence, results):
    lines = []
    for index, (image, mask, coverage, label) in enumerate(results):
        for kind, picture in (("image", image), ("mask", mask), ("coverage", coverage)):
            _, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            hashlib.sha256(picture).hexdigest(), hashlib.sha256(png).hexdigest()
            target = folder / kind / sequence
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{index:06}.png").write_bytes(png)
        lines.append(json.dumps({"frame": f"{index:06}.png", **label}))
    (folder / f"{sequence}.jsonl").write_text("\n".join(lines))


def count_limits(frames):
    low, high = min(f.min() for f in frames), max(f.max() for f in frames)
    if frames[0].dtype == np.uint8:
        return (16, 235) if low >= 16 and high <= 235 else (0, 255)
    return (0, 16383) if high <= 16383 else (0, 65535)


def draw_request(random):
    scr = random.uniform(0.5, 3) if random.random() < 0.65 else random.uniform(3, 8)
    return np.exp(random.uniform(0, np.log(81))), scr, 1 if random.random() < 0.7 else -1


def compare(figures, setting, count, placements):
    ours = {name: figures[f"{setting}_{name}_ms"] for name in ("search", "fuse", "total", "bound")}
    search, fuse = (1e3 * times[name] / count for name in ("search", "embed and measure"))
    total = 1e3 * sum(times.values()) / count
    between = search + fuse + 1e3 * times["template"] / count

    def ratio(what, theirs, our):
        print(f"{what}: {theirs:.3g} / {our:.3g} ms = {theirs / our:.1f}")

    ratio("embedding and measuring alone, no search, templates given", fuse, ours["fuse"])
    ratio("search alone, for each placement tried", search / placements,
          ours["search"] / figures[f"{setting}_placements"])
    ratio("with the search, templates given", search + fuse, ours["search"] + ours["fuse"])
    ratio("all outside codec and disk, polygons beside ray casting", between, ours["total"] - ours["bound"])
    ratio("whole program", total, ours["total"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backgrounds", nargs="+", type=pathlib.Path)
    parser.add_argument("--sequences", type=int, default=2, help="from each folder")
    parser.add_argument("--figures", type=pathlib.Path, help="of bench/throughput --json")
    parser.add_argument("--setting", default="320x256_8bit")
    flags = parser.parse_args()
    cv2.setNumThreads(1)
    random = np.random.default_rng(1)
    count, tried, errors = 0, [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number, folder in enumerate(flags.sequences * flags.backgrounds):
            files = sorted(folder.glob("*.png"))
            length = min(len(files), int(random.integers(40, 61)))
            first = int(random.integers(0, len(files) - length + 1))
            request = draw_request(random)
            with timed("decode"):
                frames = [cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in files[first:first + length]]
            with timed("search"):
                limits = count_limits(frames)
                (views, path, gain), placements = find_place(random, frames, limits, request)
            with timed("embed and measure"):
                laid = lay(frames, views, path, 1)
                gain = solve_gain(laid, request[1], request[2], 4 * (limits[1] - limits[0]))
                results = embed(frames, laid, gain, limits, request)
            with timed("encode, hash and write"):
                write(pathlib.Path(scratch), f"{number:06}", results)
            tried.append(placements)
            errors.append(abs(np.mean([label["scr"]["box20"] for *_, label in results]) / request[1] - 1))
            count += length
    for name, seconds in times.items():
        print(f"{name:<24} {1e3 * seconds / count:7.3f} ms a frame")
    print(f"{'all':<24} {1e3 * sum(times.values()) / count:7.3f} ms a frame, {count} frames; {np.mean(tried):.1f} "
          f"placements a target, mean SCR off by {100 * np.median(errors):.2f} % (median)")
    if flags.figures:
        compare(json.loads(flags.figures.read_text()), flags.setting, count, np.mean(tried))


if __name__ == "__main__":
    main()
