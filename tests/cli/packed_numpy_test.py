#!/usr/bin/python3
"""packed_numpy_test.py MIRST: what `mirst pack` writes is what numpy maps, and equal to the PNG files by OpenCV."""
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy

mirst = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    native, packed = pathlib.Path(folder) / "set", pathlib.Path(folder) / "packed"
    options = ["sequences=3", "frames=[6, 9]", "target.count=[1, 2]", "backgrounds.procedural_sources=3",
               "backgrounds.procedural.width=96", "backgrounds.procedural.height=80",
               "backgrounds.procedural.frame_count=10", "backgrounds.procedural.bit_depth=14", "target.area_px=[2, 30]"]
    command = [mirst, "generate", "--quiet", "--pairs", "--out", str(native)]
    subprocess.run(command + [f for option in options for f in ("--set", option)], check=True)
    subprocess.run([mirst, "pack", "--quiet", str(native), "--out", str(packed)], check=True)

    index = json.loads((packed / "packed.json").read_text())
    compared = 0
    for sequence in index["manifest"]["sequences"]:
        for kind, entry in index["arrays"][sequence["name"]].items():
            array = numpy.load(packed / kind / (sequence["name"] + ".npy"), mmap_mode="r")
            assert isinstance(array, numpy.memmap) and list(array.shape) == entry["shape"], kind
            assert array.dtype == entry["type"], (kind, array.dtype)
            names = sorted(path.name for path in (native / kind / sequence["name"]).iterdir())
            assert len(names) == array.shape[0], kind
            for row, name in enumerate(names):
                png = cv2.imread(str(native / kind / sequence["name"] / name), cv2.IMREAD_UNCHANGED)
                assert numpy.array_equal(array[row], png), (kind, sequence["name"], name)
                compared += 1
    assert compared >= 4 * 18, compared
    again = subprocess.run([mirst, "pack", str(native), "--out", str(packed)], capture_output=True, text=True)
    assert again.returncode == 3 and "holds files" in again.stderr, again.stderr
print(f"{compared} pictures are equal")
