#!/usr/bin/python3
"""Makes a set, converts it, and lets the foreign reader of its layout look. Arguments: mirst, folder of configs, layout."""
import os
import subprocess
import sys
import tempfile

program, configs, layout = sys.argv[1:]
scripts = {"nudt_mirsdt": "nudt_mirsdt.py", "coco": "coco.py", "coco_vid": "coco.py", "mot": "mot.py", "webdataset": "webdataset.py"}
with tempfile.TemporaryDirectory(prefix="mirst-foreign-") as folder:
    native, converted = os.path.join(folder, "native"), os.path.join(folder, "converted")
    subprocess.run([program, "generate", "--config", os.path.join(configs, "smoke.yaml"), "--out", native, "--quiet"] +
                   [part for option in ("sequences=6", "frames=[8,8]", "target.count=[2,3]") for part in ("--set", option)], check=True)
    subprocess.run([program, "convert", native, converted, "--to", layout, "--quiet"], check=True)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), scripts[layout])
    sys.exit(subprocess.run([sys.executable, script, native, converted], check=False).returncode)
