#!/usr/bin/python3
"""The table of tools/train_small.sh, as Markdown, from the scores.json of each detector.

    tools/train_small_table.py SCORES
"""
import json
import sys
from pathlib import Path

SUBSETS = [("mscr_low", "mSCR < 3"), ("mscr_high", "mSCR >= 3"), ("all", "all")]


def percent(rate):
    value = rate["value"] if rate else None
    return "-" if value is None else f"{100 * value:.2f}"


def rows_of(name, detector):
    for point in detector["operating_points"]:
        subsets = {subset["id"]: subset for subset in point["subsets"]}
        cells = []
        for key, _ in SUBSETS:
            subset = subsets.get(key)
            cells += [percent(subset["pd_seq"]), subset["fa_1e-6"], percent(subset["iou_seq"])] if subset else ["-"] * 3
        yield [name, point["origin"], *cells]


def protocol_5(detector):
    protocols = detector["operating_points"][0]["conventions"][0]["protocols"]
    return next(protocol for protocol in protocols if protocol["protocol"] == "P5")


def print_table(head, rows):
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main():
    scores = {path.parent.name: json.loads(path.read_text()) for path in sorted(Path(sys.argv[1]).glob("*/scores.json"))}
    head = ["detector", "threshold by"]
    for _, title in SUBSETS:
        head += [f"Pd %, {title}", "Fa 1e-6", "IoU %"]
    print("Test split, P1, means over sequences:\n")
    print_table(head, [row for name, result in scores.items() if not name.startswith("clips-")
                       for row in rows_of(name, result["detectors"][0])])
    print("\nReal clips, P5 (centroid in box), at each detector's first threshold:\n")
    rows = []
    for name, result in scores.items():
        if name.startswith("clips-"):
            found = protocol_5(result["detectors"][0])
            targets = found["pd_pooled"]
            rows.append([name.removeprefix("clips-"), f"{targets['count']}/{targets['of']}", percent(targets),
                         f"{found['false_per_frame']['value']:.2f}"])
    print_table(["detector", "found/targets", "Pd %", "false objects a frame"], rows)


if __name__ == "__main__":
    main()
