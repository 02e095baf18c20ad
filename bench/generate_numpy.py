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
ray casting in the figures of mirst that they are compared with. Simpler than mirst: whoever finds no good place takes
the least bad one seen, and the solver knows no pixels that clip or are zero. Processor time of one thread, ms a frame."""
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
import scipy.ndimage
import scipy.optimize

CELLS, SIGMA_PX, MARGIN, PLACEMENTS, PATHS_A_POSE = 8, 0.408, 20, 160, 8
INTEGRATION_SHARE, OFFSET = 0.25, 1e-5
WINDOWS = {"bbox5": (0, 5), "bbox10": (0, 10), "bbox20": (0, 20), "guard3_10": (3, 10)}  # id: guard, margin
TAPS = [(0, -1), (0, -2)] + [(-row, x) for row in (1, 2) for x in range(-2, 3)]  # of the clutter's prediction
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


def footprint(parts, centre, velocity=np.zeros(2)):
    """Opacity and contrast of the pixels, and the box's upper left one; the mean over the exposure."""
    smear = INTEGRATION_SHARE * velocity
    exposures = 1 + int(4 * np.abs(smear).max())
    size = parts[0].shape[0] // CELLS
    reach = int(np.ceil(np.abs(smear).max() / 2)) + 1
    corner = np.floor(centre - size / 2).astype(int) - reach
    cells = (size + 2 * reach + 1) * CELLS
    total = None
    for k in range(exposures):
        shift = (centre + ((k + 0.5) / exposures - 0.5) * smear - size / 2 - corner) * CELLS
        moved = cv2.warpAffine(cv2.merge(parts), np.float32([[1, 0, shift[0]], [0, 1, shift[1]]]), (cells, cells))
        pixels = cv2.resize(moved, (cells // CELLS, cells // CELLS), interpolation=cv2.INTER_AREA)
        total = pixels if total is None else total + pixels
    return total[..., 0] / exposures, total[..., 1] / exposures, corner


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


def scene_of(frame, box):
    """The median of 7 x 7 pixels."""
    rows, columns = slice(max(0, box[0].start - 3), box[0].stop + 3), slice(max(0, box[1].start - 3), box[1].stop + 3)
    crop = np.ascontiguousarray(frame[rows, columns])
    scene = cv2.medianBlur(crop, 7) if crop.dtype == np.uint8 else scipy.ndimage.median_filter(crop, 7, mode="nearest")
    y, x = box[0].start - rows.start, box[1].start - columns.start
    return scene[y:y + box[0].stop - box[0].start, x:x + box[1].stop - box[1].start].astype(np.float64)


class Laid:
    """The target in one frame: what is fused, and the moments of box20 as functions of the gain."""

    def __init__(self, frame, parts, centre, velocity):
        self.frame = frame
        self.a, m, (x, y) = footprint(parts, centre, velocity)
        self.m = m.astype(np.float64)
        self.box = (slice(y, y + m.shape[0]), slice(x, x + m.shape[1]))
        self.inside = x >= 0 and y >= 0 and y + m.shape[0] <= frame.shape[0] and x + m.shape[1] <= frame.shape[1]
        if not self.inside:
            return
        self.mask = 2 * self.a >= self.a.max()
        self.scene = scene_of(frame, self.box)
        self.level = (self.a * self.scene).sum() / self.a.sum()

    def refer(self, level):
        """Takes the level of the target with no contrast; the window's sums follow."""
        self.background = self.frame[self.box].astype(np.float64)
        self.base = self.background + self.a * (level - self.scene)
        rows, columns = np.nonzero(self.mask)
        y, x = self.box[0].start, self.box[1].start
        self.mask_box = (x + columns.min(), y + rows.min(), x + columns.max() + 1, y + rows.max() + 1)
        left, top, right, bottom = self.mask_box
        window = (slice(max(0, top - MARGIN), min(self.frame.shape[0] - 1, bottom + MARGIN)),
                  slice(max(0, left - MARGIN), min(self.frame.shape[1] - 1, right + MARGIN)))
        image = self.frame[window].astype(np.float64)
        slope = np.zeros_like(image)
        outside = np.ones(image.shape, bool)
        part = (slice(y - window[0].start, y - window[0].start + self.m.shape[0]),
                slice(x - window[1].start, x - window[1].start + self.m.shape[1]))
        clip = tuple(slice(max(0, s.start), min(n, s.stop)) for s, n in zip(part, image.shape))
        own = tuple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(clip, part))
        image[clip], slope[clip], outside[clip] = self.base[own], self.m[own], ~self.mask[own]
        image, slope = image[outside], slope[outside]
        mean, mean_slope = image.mean(), slope.mean()
        self.moments = (self.base[self.mask].mean() - mean, self.m[self.mask].mean() - mean_slope, image.var(),
                        np.dot(image, slope) / image.size - mean * mean_slope, slope.var())


def solve_gain(laid, scr, polarity, largest):
    """The gain of smallest magnitude at which the mean SCR over the frames is the one asked for (design: step 7)."""
    d0, d, s0, c, v = np.array([part.moments for part in laid]).T

    def excess(gain):
        sigma = np.maximum(1, np.sqrt(np.maximum(0, s0 + 2 * c * gain + v * gain**2)))
        return (polarity * (d0 + gain * d) / (sigma + OFFSET)).mean() - scr

    at_zero = excess(0.0)
    scan = largest * np.linspace(0, 1, 33)[1:] ** 2
    for low, high in zip(np.concatenate([[0], scan[:-1]]), scan):
        for sign in (polarity, -polarity):
            if (excess(sign * high) >= 0) != (at_zero >= 0):
                return scipy.optimize.brentq(excess, sign * low, sign * high, xtol=1e-9)
    return None


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


def mean_and_sigma(image, mask):
    mean, sigma = cv2.meanStdDev(image, mask=mask)
    return mean[0, 0], sigma[0, 0]


def every_scr(image, mask, box, polarity):
    """All ids on a float image; `mask` as 0 and 255."""
    left, top, right, bottom = box
    inside = image[top:bottom, left:right][mask[top:bottom, left:right] > 0]
    outside = 255 - mask
    target, extreme = inside.mean(), inside.max() if polarity > 0 else inside.min()

    def scr(value, background):
        return abs(value - background[0]) / (max(1, background[1]) + OFFSET)

    def around(margin):
        return slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)

    values = {}
    for name, (guard, margin) in WINDOWS.items():
        window = around(margin)
        free = outside[window]
        if guard:
            free = free.copy()
            hole = around(guard)
            free[hole[0].start - window[0].start:hole[0].stop - window[0].start,
                 hole[1].start - window[1].start:hole[1].stop - window[1].start] = 0
        values[name] = scr(target, mean_and_sigma(image[window], free))
    window = around(MARGIN)
    window = (slice(window[0].start, min(image.shape[0] - 1, window[0].stop)),
              slice(window[1].start, min(image.shape[1] - 1, window[1].stop)))
    free = outside[window] if image.dtype != np.uint8 else outside[window] * (image[window] != 0)
    background = mean_and_sigma(image[window], free)
    values["box20"], values["peak"] = scr(target, background), scr(extreme, background)
    values["db"] = 20 * np.log10(max(1e-12, values["box20"]))
    values["global"] = scr(target, mean_and_sigma(image, outside))
    return values, background[1]


def detectability(background, signal, corner, box):
    """Of the signal behind the filter that whitens the clutter about it (prediction from twelve causal neighbours)."""
    left, top, right, bottom = box
    window = background[max(0, top - MARGIN):bottom + MARGIN, max(0, left - MARGIN):right + MARGIN].astype(np.float64)
    window -= window.mean()
    height, width = window.shape

    def neighbours(image, h, w):
        return np.stack([image[2 + dy:h + dy, 2 + dx:w - 2 + dx].ravel() for dy, dx in TAPS])

    v, pixel = neighbours(window, height, width), window[2:, 2:-2].ravel()
    weights = np.linalg.solve(v @ v.T + np.eye(len(TAPS)) * pixel.size / 12, v @ pixel)
    variance = max(1 / 12, ((pixel - weights @ v) ** 2).sum() / (pixel.size - len(TAPS)))
    padded = np.pad(signal, 4)
    innovation = padded[2:, 2:-2].ravel() - weights @ neighbours(padded, *padded.shape)
    return np.sqrt((innovation**2).sum() / variance)


def round_keeping_sum(real, mask, wanted_sum):
    """Largest remainders inside the mask, so that its sum is the one wanted; nearest elsewhere."""
    rounded = np.floor(real + 0.5)
    values = real[mask]
    low = np.floor(values)
    whole, rest = divmod(int(wanted_sum - low.sum()), values.size)
    order = np.argsort(-(values - low), kind="stable")
    low[order] += whole
    low[order[:rest]] += 1
    rounded[mask] = low
    return rounded


def embed(frames, laid, gain, limits, request):
    """Written frames, masks, coverages and labels."""
    _, scr, polarity = request
    results, carried = [], 0.0
    for part in laid:
        frame, mask = part.frame, np.zeros(part.frame.shape, np.uint8)
        mask[part.box][part.mask] = 255
        coverage = np.zeros(frame.shape, np.uint16)
        coverage[part.box] = np.round(65535 * np.clip(part.a, 0, 1))
        composed = np.clip(part.base + gain * part.m, *limits)
        real = frame.astype(np.float32)
        real[part.box] = composed
        scr_float, sigma = every_scr(real, mask, part.mask_box, polarity)
        wanted = max(0.0, scr_float["box20"] + carried)
        box20 = (slice(max(0, part.mask_box[1] - MARGIN), min(frame.shape[0] - 1, part.mask_box[3] + MARGIN)),
                 slice(max(0, part.mask_box[0] - MARGIN), min(frame.shape[1] - 1, part.mask_box[2] + MARGIN)))
        mean, _ = mean_and_sigma(real[box20], 255 - mask[box20])
        sign = 1 if composed[part.mask].mean() >= mean else -1
        wanted_sum = np.floor((mean + sign * wanted * (max(1, sigma) + OFFSET)) * part.mask.sum() + 0.5)
        written = frame.copy()
        written[part.box] = np.clip(round_keeping_sum(composed, part.mask, wanted_sum), *limits)
        measured, sigma = every_scr(written, mask, part.mask_box, polarity)
        carried = wanted - measured["box20"]
        empty, _ = every_scr(frame, mask, part.mask_box, polarity)
        delta = (written[part.box].astype(np.float64) - part.background)[part.mask].mean() / (max(1, sigma) + OFFSET)
        weights = np.abs(part.m)
        label = {"box": [int(v) for v in part.mask_box], "area_px": int(part.mask.sum()), "gain": gain,
                 "centroid": [float((weights.sum(0) @ np.arange(weights.shape[1])) / weights.sum() + part.box[1].start),
                              float((weights.sum(1) @ np.arange(weights.shape[0])) / weights.sum() + part.box[0].start)],
                 "scr_requested": scr, "scr": measured, "scr_float": scr_float, "scr_empty": empty["box20"],
                 "scr_delta": float(delta), "sigma_b": float(sigma),
                 "dprime": float(detectability(frame, composed - part.background, part.box, part.mask_box)),
                 "clipped": bool(((composed <= limits[0]) | (composed >= limits[1]))[part.mask].any())}
        results.append((written, mask, coverage, label))
    return results


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


def compare(figures, setting, count):
    ours = {name: figures[f"{setting}_{name}_ms"] for name in ("search", "fuse", "total", "bound")}
    search, fuse = (1e3 * times[name] / count for name in ("search", "embed and measure"))
    total = 1e3 * sum(times.values()) / count
    between = search + fuse + 1e3 * times["template"] / count

    def ratio(what, theirs, our):
        print(f"{what}: {theirs:.2f} / {our:.2f} ms = {theirs / our:.1f}")

    ratio("embedding and measuring alone, no search, templates given", fuse, ours["fuse"])
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
        compare(json.loads(flags.figures.read_text()), flags.setting, count)


if __name__ == "__main__":
    main()
