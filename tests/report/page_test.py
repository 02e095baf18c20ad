#!/usr/bin/python3
"""The page of `mirst report` in Chromium: page_test.py PROGRAM [PICTURES].

Makes a small data set, has a detector look at it, writes its report, and uses that as a reader does: no fault on the console,
the player steps and plays, the table filters and sorts, charts zoom, text of the files stays text. With the folder PICTURES
it leaves screenshots there. Ends with 77 (skipped) where there is no Chromium.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from browser import Browser

program = pathlib.Path(sys.argv[1]).resolve()
pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
HOSTILE = "<img src=x onerror=alert(1)> & 'c'"  # a file name, so without a slash


def mirst(*arguments):
    result = subprocess.run([str(program), *map(str, arguments), "--quiet"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"mirst {' '.join(map(str, arguments))} ended with {result.returncode}:\n{result.stdout}")


def make_reports(folder):
    data = folder / "set"
    mirst("generate", "--set", "sequences=4", "--set", "frames=[20,20]", "--set", "backgrounds.procedural_sources=4", "--set",
          "backgrounds.procedural.frame_count=20", "--set", "backgrounds.procedural.width=160", "--set",
          "backgrounds.procedural.height=128", "--set", "target.area_px=[4,25]", "--set", "scr.range=[3,6]", "--set",
          "scr.on_infeasible=lower", "--out", data)
    # A detector that finds everything in one sequence and nothing in another, and did not look at the rest.
    first, second = sorted(path.name for path in (data / "mask").iterdir())[:2]
    shutil.copytree(data / "mask" / first, folder / "found" / first)
    shutil.copytree(data / "mask" / first, folder / "found" / second)
    mirst("evaluate", "--data", data, "--method", "top_hat", "--out", folder / "scores")
    mirst("report", data, "--results", folder / "scores", folder / "found", "--out", folder / "report")
    for kind in ("image", "mask"):
        shutil.copytree(data / kind / first, folder / "plain" / kind / HOSTILE)
    mirst("report", folder / "plain", "--out", folder / "plain-report")


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mirst-page"))
        make_reports(cls.folder)
        cls.browser = Browser(1280, 900)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.open("report")

    def tearDown(self):
        self.assertEqual(self.browser.faults, [])

    def open(self, name):
        self.browser.open(self.folder / name / "index.html")
        self.browser.wait_for("document.readyState === 'complete' && document.body.dataset.ready === 'yes'")
        self.browser.wait_for("player.labels !== null && stripOf(player.frame).naturalWidth > 0")

    def rows(self, column=0):
        return self.browser.run(f"[...byId('table').tBodies[0].rows].map((row) => row.cells[{column}].textContent)")

    def column(self, name):
        return self.browser.run(f"tableColumns.findIndex((column) => column.id === '{name}')")

    def click(self, selector):
        self.browser.run(f"document.querySelector({selector!r}).click()")

    def enter(self, identity, value):
        self.browser.run(f"byId('{identity}').value = {value!r}; byId('{identity}').dispatchEvent(new Event('input'))")

    def test_the_player_steps_by_button_key_and_slider(self):
        run, press = self.browser.run, self.browser.press
        run("openInPlayer(data.sequences[0], 3); byId('screen').focus()")
        self.browser.wait_for("byId('status').textContent.startsWith('Frame 4 of 20')")
        self.click("#forward")
        self.assertIn("Frame 5 of 20", run("byId('status').textContent"))
        run("byId('screen').focus()")
        press("ArrowRight")
        self.assertIn("Frame 6 of 20", run("byId('status').textContent"))
        press("ArrowLeft")
        press("ArrowLeft")
        self.assertIn("Frame 4 of 20", run("byId('status').textContent"))
        press("End")
        self.browser.wait_for("byId('status').textContent.startsWith('Frame 20 of 20')")  # on the second strip
        self.enter("seek", "7")
        self.assertIn("Frame 8 of 20", run("byId('status').textContent"))

    def test_the_player_plays(self):
        self.browser.run("openInPlayer(data.sequences[0], 0); player.fps = 50; play()")
        self.browser.wait_for("player.frame > 5")
        self.browser.run("stop()")
        at = self.browser.run("player.frame")
        time.sleep(0.2)
        self.assertEqual(self.browser.run("player.frame"), at)

    def test_overlays_and_the_next_frame_change_the_picture(self):
        # A page from the disk may not read its canvas back: the browser's own picture of it tells.
        run = self.browser.run
        run("openInPlayer(data.sequences[0], 3); toggleOverlay('track'); byId('screen').scrollIntoView()")
        self.browser.wait_for("player.labels && stripOf(3).naturalWidth > 0")
        place = run("(({left, top, width, height}) => ({x: left + scrollX, y: top + scrollY, width, height}))"
                    "(byId('screen').getBoundingClientRect())")

        def picture():
            path = self.folder / "screen.png"
            time.sleep(0.2)
            self.browser.screenshot(path, place)
            return path.read_bytes()

        seen = [picture()]
        for action in ("toggleOverlay('mask')", "toggleOverlay('box')", "toggleOverlay('scr')", "toggleOverlay('detections')", "step(1)"):
            run(action)
            seen.append(picture())
            self.assertNotEqual(seen[-1], seen[-2], action)
        run("step(-1)")
        self.assertEqual(picture(), seen[-2])

    def test_a_filter_changes_the_table_and_the_cards(self):
        names = self.rows()
        self.assertEqual(len(names), 4)
        self.enter("search", names[2])
        self.assertEqual(self.rows(), [names[2]])
        self.assertEqual(self.browser.run("byId('cards').children.length"), 1)
        self.assertIn("1 of 4 sequences", self.browser.run("byId('count').textContent"))
        self.click("#filter button[type=reset]")
        self.browser.wait_for("byId('table').tBodies[0].rows.length === 4")
        scr = sorted(self.browser.run("data.sequences.map((s) => s.mscr)"))
        self.enter("mscr-low", str((scr[1] + scr[2]) / 2))
        self.assertEqual(len(self.rows()), 2)

    def test_headings_sort_both_ways(self):
        column = self.column("mscr")
        for falling in (False, True):
            self.click("th[data-id=mscr] button")
            values = [float(text) for text in self.rows(column)]
            self.assertEqual(values, sorted(values, reverse=falling))
            self.assertEqual(self.browser.run("document.querySelector('th[data-id=mscr]').ariaSort"),
                             "descending" if falling else "ascending")
        self.assertGreater(len(set(values)), 1)

    def test_hits_and_misses_are_those_of_the_masks(self):
        found = self.rows(self.column("pd"))
        self.assertEqual(found[0], "20/20 (100.0 %)")
        self.assertEqual(found[2], "–")
        self.browser.run("openInPlayer(data.sequences[0], 3)")
        self.browser.wait_for("byId('status').textContent.includes('found: 1 found, 0 missed, 0 false alarms')")
        self.assertEqual(self.browser.run("document.querySelectorAll('#detection table').length"), 2)
        self.assertEqual(self.browser.run("byId('detection').hidden"), False)

    def test_quantiles_are_linear_between_the_ranks(self):
        # 1 2 2 | 4 5 5: the median of six values lies between the third and the fourth.
        values = "[[1, 1, 0, 0, 0], [2, 0, 2, 0, 0], [4, 0, 0, 1, 0], [5, 1, 0, 0, 1]]"
        self.assertEqual([self.browser.run(f"quantile({values}, {share})") for share in (0, 0.5, 0.9, 1)], [1, 3, 5, 5])

    def test_charts_zoom_and_show_all_again(self):
        run = self.browser.run
        ticks = "document.querySelector('#panels figure').textContent"
        full = run(ticks)
        place = run("(() => { const svg = document.querySelector('#panels svg'); svg.scrollIntoView(); "
                    "const box = svg.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()")
        left, top, width, height = place
        at = {share: (left + share * width, top + height / 2) for share in (0.4, 0.6)}
        for kind, share in (("mousePressed", 0.4), ("mouseMoved", 0.6), ("mouseReleased", 0.6)):
            x, y = at[share]
            self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
        self.assertNotEqual(run(ticks), full)
        self.assertIn("sequences", run("tip.textContent"))  # what lies under the pointer
        run("document.querySelector('#panels svg').dispatchEvent(new MouseEvent('dblclick'))")
        self.assertEqual(run(ticks), full)

    def test_text_of_the_files_stays_text(self):
        self.open("plain-report")
        self.assertEqual(self.rows(), [HOSTILE])
        self.assertEqual(self.browser.run("byId('player-name').textContent"), HOSTILE)
        self.assertEqual(self.browser.run("document.querySelectorAll('img[src=x]').length"), 0)

    def test_everything_has_a_name_for_a_screen_reader(self):
        nameless = self.browser.run(
            "[...document.querySelectorAll('button, select, input, img, canvas, svg')].filter((e) => !(e.ariaLabel || e.alt || "
            "e.textContent.trim() || (e.labels && e.labels.length))).map((e) => e.outerHTML.slice(0, 90))")
        self.assertEqual(nameless, [])

    def test_fits_its_window(self):
        for width in (1280, 1920):
            self.browser.resize(width, 900)
            self.assertEqual(self.browser.run("document.documentElement.scrollWidth"), width)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                height = self.browser.run("document.documentElement.scrollHeight")
                self.browser.screenshot(pictures / f"report-{width}.png", {"x": 0, "y": 0, "width": width, "height": height})
        self.browser.resize(1280, 900)


if shutil.which("chromium") is None:
    print("SKIPPED: no chromium here (Debian package chromium): the page was not looked at")
    sys.exit(77)
unittest.main(argv=sys.argv[:1], verbosity=2)
