#!/usr/bin/python3
"""The seven classical methods beside GNU Octave on the same frames in the same run.

usage: MIRST_GOLDENS=FOLDER bench/octave_ratio.py BUILD_FOLDER [METHOD...]

Octave runs octave/model_driven.m, whole-image scripts of the same formulas on one thread; mirst runs model_driven_bench
on one thread and on two. Prints a Markdown table of seconds a frame and of their ratios, with the load of the machine.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

FRAMES = {  # method: benchmark, frames
    "top_hat": ("top_hat_200x150", ["pst2"]),
    "ipi": ("ipi_200x150", ["pst2"]),
    "pstnn": ("pstnn_200x150", ["pst2"]),
    "wslcm": ("wslcm_200x150", ["pst2"]),
    "wsnm_stipt": ("wsnm_stipt_256x200", ["wsnm_01", "wsnm_02", "wsnm_03", "wsnm_04"]),
    "asttv_ntla": ("asttv_ntla_250x200", ["asttv_01", "asttv_02", "asttv_03"]),
    "imnn_lwec": ("imnn_lwec_256x256", ["imnn_02", "imnn_03", "imnn_04"]),
}


def octave(method, frames, environment):
    script = pathlib.Path(__file__).parent / "octave" / "model_driven.m"
    images = pathlib.Path(environment["MIRST_GOLDENS"]) / "model_driven" / "images"
    command = ["octave", "--no-gui", "--quiet", script, method] + [images / f"{name}.png" for name in frames]
    text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    found = re.search(r"([0-9.]+) s/frame, (\d+) iterations, largest ([-0-9.]+)", text)
    if not found:
        sys.exit(f"octave printed no time: {text}")
    return float(found[1]), int(found[2])


def mirst(build, benchmark, environment):
    command = [pathlib.Path(build) / "bench" / "model_driven_bench", f"--benchmark_filter={benchmark}/",
               "--benchmark_format=json", "--benchmark_min_time=0.2"]
    text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    rows = json.loads(text)["benchmarks"]
    return [row["frame_s"] for row in rows], int(rows[0]["solver"])


def main():
    if len(sys.argv) < 2 or "MIRST_GOLDENS" not in os.environ:
        sys.exit(__doc__)
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    print("| method, frame | Octave s | mirst s, 1 thread | ratio | 2 threads | ratio | iterations | load |")
    print("|---|---|---|---|---|---|---|---|")
    for method in sys.argv[2:] or FRAMES:
        benchmark, frames = FRAMES[method]
        reference, iterations = octave(method, frames, environment)
        (one, two), own_iterations = mirst(sys.argv[1], benchmark, environment)
        print(f"| {benchmark} | {reference:.4g} | {one:.4g} | {reference / one:.1f} | {two:.4g} | {reference / two:.1f} "
              f"| {iterations} / {own_iterations} | {os.getloadavg()[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
