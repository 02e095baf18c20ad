#!/usr/bin/python3
"""Runs the `mirst` commands of README.md as they stand there, in a folder that holds what they name.

readme_test.py ROOT PROGRAM [--networks]: with --networks also those that run a network, which takes minutes.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

NETWORKS = {"train", "evaluate", "compare", "detect", "model", "report", "bench"}
root, program = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
# thermal/ and drones/ stand for the user's own files: frames from the stand-in, and a small model.
PYRAMID = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0.5 0.5 0.3\nf 1 4 3 2\nf 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\n"


def run(arguments, folder):
    result = subprocess.run([str(program), *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"mirst {' '.join(arguments)} ended with {result.returncode}:\n{result.stdout}")


blocks = re.findall(r"^```sh\n(.*?)^```", (root / "README.md").read_text(encoding="utf-8"), re.S | re.M)
lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
commands = [line.split()[1:] for line in lines if line.startswith("mirst ")]
if "--networks" not in sys.argv[3:]:
    commands = [command for command in commands if command[0] not in NETWORKS]
if not commands:
    sys.exit("README.md names no mirst command")
for line in lines:
    if line.startswith("tools/") and not (root / line.split()[0]).is_file():
        sys.exit(f"README.md names {line.split()[0]}, which does not exist")

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "configs").symlink_to(root / "configs")
    (folder / "drones").mkdir()
    (folder / "drones" / "pyramid-drone.obj").write_text(PYRAMID, encoding="utf-8")
    run(["generate", "--quiet", "--set", "sequences=3", "--set", "frames=[60,60]", "--set", "backgrounds.procedural_sources=3",
         "--set", "backgrounds.procedural.frame_count=60", "--out", "made"], folder)
    (folder / "made" / "image").rename(folder / "thermal")
    for command in commands:
        print("mirst", *command, flush=True)
        run(command, folder)
print(f"{len(commands)} commands ran")
