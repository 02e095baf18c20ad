"""One target laid into frames, solved for its SCR, written and measured with NumPy, OpenCV and SciPy: the part of
generate_numpy.py that follows a template from its cells to the labels."""
import cv2
import numpy as np
import scipy.ndimage
import scipy.optimize

CELLS, MARGIN = 8, 20
INTEGRATION_SHARE, OFFSET = 0.25, 1e-5
WINDOWS = {"bbox5": (0, 5), "bbox10": (0, 10), "bbox20": (0, 20), "guard3_10": (3, 10)}  # id: guard, margin
TAPS = [(0, -1), (0, -2)] + [(-row, x) for row in (1, 2) for x in range(-2, 3)]  # of the clutter's prediction


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
