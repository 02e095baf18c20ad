#!/usr/bin/python3
"""Peak memory and time of `mirst generate` by the number of frames: both must not grow with it, per frame.

Usage: generate_memory.py MIRST [FRAMES ...]     (default: 1000 5000 50000)
Small frames from the procedural stand-in, 50 a sequence; a line for each size. Needs about 4 KB of disk a frame below
TMPDIR.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

FRAMES_A_SEQUENCE = 50
OPTIONS = [f"frames=[{FRAMES_A_SEQUENCE},{FRAMES_A_SEQUENCE}]", "target.area_px=[4,16]", "scr.range=[1,2]",
           "scr.on_infeasible=lower", "track.speed_px_per_frame=[0.1,0.5]", "backgrounds.procedural_sources=8",
           "backgrounds.procedural.width=80", "backgrounds.procedural.height=64", "backgrounds.procedural.frame_count=60"]


def measure(mirst, frames, folder):
    command = [mirst, "generate", "--out", folder, "--json", "--set", f"sequences={frames // FRAMES_A_SEQUENCE}"]
    for option in OPTIONS:
        command += ["--set", option]
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {status}")
    return json.loads(output), usage, time.time() - start


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print("   frames  peak MiB  CPU ms a frame  plan s  write s  wall s")
    for frames in [int(text) for text in sys.argv[2:]] or [1000, 5000, 50000]:
        folder = tempfile.mkdtemp()
        try:
            result, usage, wall_s = measure(sys.argv[1], frames, folder)
        finally:
            shutil.rmtree(folder)
        cpu_ms = 1000 * (usage.ru_utime + usage.ru_stime) / result["frames"]
        print(f"{result['frames']:9} {usage.ru_maxrss / 1024:9.1f} {cpu_ms:15.2f} {result['plan_s']:7.1f} "
              f"{result['write_s']:8.1f} {wall_s:7.1f}", flush=True)


if __name__ == "__main__":
    main()
