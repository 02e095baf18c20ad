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

    def chart(self, selector):
        """Its figure's text, which holds the axes, and a function from shares of its picture to a place in the window."""
        left, top, width, height = self.browser.run(
            f"(() => {{ const plot = document.querySelector({selector!r}); plot.scrollIntoView({{block: 'center'}}); "
            "const box = plot.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()")
        return (lambda: self.browser.run(f"document.querySelector({selector!r}).parentElement.textContent"),
                lambda x, y: {"x": left + x * width, "y": top + y * height})

    def mouse(self, kind, place, clicks=1):
        self.browser.call("Input.dispatchMouseEvent", type=f"mouse{kind}", button="none" if kind == "Moved" else "left",
                          clickCount=clicks, **place)

    def drag(self, begin, end):
        self.mouse("Pressed", begin)
        self.mouse("Moved", end)
        self.mouse("Released", end)

    def test_charts_zoom_and_show_all_again(self):
        text, at = self.chart("#panels .plot")
        full = text()
        self.drag(at(0.4, 0.5), at(0.6, 0.5))
        self.assertNotEqual(text(), full)
        for clicks in (1, 2):
            self.mouse("Pressed", at(0.5, 0.5), clicks)
            self.mouse("Released", at(0.5, 0.5), clicks)
        self.assertEqual(text(), full)
        self.drag(at(0.5, 0.3), at(0.5, 0.7))  # along y, which dygraphs shows in steps
        self.browser.wait_for("!document.querySelector('#panels figure button').hidden")
        self.assertNotEqual(text(), full)
        self.click("#panels figure button")
        self.assertEqual(text(), full)
        for key in ("+", "0"):
            self.browser.run(f"document.querySelector('#panels .plot').dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}'}}))")
            self.assertEqual(text() == full, key == "0")

    def test_charts_tell_what_lies_under_the_pointer(self):
        _, at = self.chart("#panels .plot")
        self.mouse("Moved", at(0.5, 0.5))
        self.assertRegex(self.browser.run("tip.textContent"), r"^mean SCR \(box20\): .* to .*\n\d+ sequences")
        _, at = self.chart("#detection .plot")
        self.mouse("Moved", at(0.5, 0.5))
        self.assertRegex(self.browser.run("tip.textContent"), r"^top_hat_5x5, AUC 0\.\d{4}: .* at ")

    def test_bars_stand_at_their_values_on_both_kinds_of_axis(self):
        # Where dygraphs draws the axis is where the bars are drawn: values 1 and 100 are the ends of two bars.
        self.browser.run("document.body.append(histogram({title: 'two', axis: 'x', items: 'values', "
                         "values: [[1, 1, 0, 0, 0], [100, 3, 0, 0, 0]]}))")
        drawn = ("(() => { const drawn = [], context = {fillRect: (x, y, width, height) => Math.abs(height) > 1 && drawn.push([x, width])};"
                 "const chart = [...Chart.shown].pop(), {graph} = chart, area = graph.getArea();"
                 "chart.options.plotter({drawingContext: context, plotArea: area, dygraph: graph});"
                 "return drawn.map(([x, width]) => [graph.toDataXCoord(x), graph.toDataXCoord(x + width)]); })()")
        for _ in ("linear", "logarithmic"):
            bars = self.browser.run(drawn)
            self.assertEqual(len(bars), 2)
            for (low, high), value in zip(bars, (1, 100)):
                self.assertLessEqual(low, value)
                self.assertGreaterEqual(high, value)
            self.browser.run("[...document.querySelectorAll('body > figure button')].find((e) => e.textContent === 'log').click()")

    def test_a_click_on_the_curve_shows_that_frame(self):
        self.browser.run("openInPlayer(data.sequences[0], 0)")
        self.browser.wait_for("player.labels !== null && document.querySelector('#curve canvas') !== null")
        _, at = self.chart("#curve .plot")
        for frame in (5, 15):
            place = self.browser.run(f"player.curve.graph.toPercentXCoord({frame}) * player.curve.graph.getArea().w + "
                                     "player.curve.graph.getArea().x + player.curve.plot.getBoundingClientRect().left")
            for kind in ("Moved", "Pressed", "Released"):
                self.mouse(kind, {"x": place, "y": at(0.5, 0.5)["y"]})
            self.assertIn(f"Frame {frame} of 20", self.browser.run("byId('status').textContent"))

    def test_charts_fit_a_printed_page_and_return(self):
        widths = "[...document.querySelectorAll('.plot > div')].map((e) => e.offsetWidth)"
        before = self.browser.run(widths)
        self.assertEqual(set(self.browser.run(f"dispatchEvent(new Event('beforeprint')), {widths}")), {340})
        self.assertEqual(self.browser.run(f"dispatchEvent(new Event('afterprint')), {widths}"), before)
        self.assertGreater(len(before), 10)

    def test_text_of_the_files_stays_text(self):
        self.open("plain-report")
        self.assertEqual(self.rows(), [HOSTILE])
        self.assertEqual(self.browser.run("byId('player-name').textContent"), HOSTILE)
        self.assertEqual(self.browser.run("document.querySelectorAll('img[src=x]').length"), 0)

    def test_everything_has_a_name_for_a_screen_reader(self):
        nameless = self.browser.run(
            "[...document.querySelectorAll('button, select, input, img, canvas, svg, .plot')].filter((e) => !e.matches('.plot *') && "
            "!(e.ariaLabel || e.alt || e.textContent.trim() || (e.labels && e.labels.length))).map((e) => e.outerHTML.slice(0, 90))")
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
