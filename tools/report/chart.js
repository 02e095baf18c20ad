// Charts: histograms and curves by dygraphs. A drag zooms, a double click shows all, values appear on hover.

/** Round numbers within a logarithmic axis. */
function logTicks(low, high) {
  const ticks = [], factors = high / low < 300 ? [1, 2, 5] : [1];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; ++exponent)
    ticks.push(...factors.map((factor) => factor * 10 ** exponent).filter((tick) => tick >= low * 0.999 && tick <= high * 1.001));
  return ticks.filter((_, i) => i % Math.ceil(ticks.length / 8) === 0);
}
function tickText(value) {
  const size = Math.abs(value), short = Number(value.toPrecision(6));
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return short.toExponential();
  return size >= 1e4 ? `${short / 1000}k` : String(short);
}
/** An axis by its kind; options("logscale") tells whether it is logarithmic now. */
const axisOptions = (isLog, isWhole, others) => ({
  logscale: isLog, axisLabelFormatter: tickText, ...others,
  ticker: (low, high, pixels, options, graph) => {
    const ticks = options("logscale") ? logTicks(low, high) : [];
    if (ticks.length > 1) return ticks.map((v) => ({ v, label: tickText(v) }));
    return Dygraph.numericTicks(low, high, pixels, options, graph).filter(({ v }) => !isWhole || Number.isInteger(v));
  },
});

/**
 * A figure with one graph over the x range `full`. `fit(x range)` gives its y range, anew for every zoom along x;
 * `hover(x)` gives the text for the pointer; `rows`, `labels` and `options` go to dygraphs.
 */
class Chart {
  constructor({ title, xLabel, yLabel, caption = null, buttons = [], isLog = false, yLog = false, wholeX = false, wholeY = false,
    onclick = null, labels, options, ...own }) {
    Object.assign(this, own);
    this.reset = html("button", { type: "button", hidden: true, onclick: () => this.graph.resetZoom() }, "Show all");
    this.plot = html("div", { class: "plot", role: "img", tabindex: 0, "aria-label": `${title}: ${yLabel} over ${xLabel}`,
      onkeydown: (event) => this.onKey(event), onpointerleave: hideTip, onpointermove: (event) => {
        const text = this.hover(this.xAt(event));
        text ? showTip(event, text) : hideTip();
      } });
    this.figure = html("figure", {}, html("header", {}, html("h3", {}, title), this.reset, ...buttons), this.plot,
      caption && html("figcaption", {}, caption));
    this.options = {
      labels, xlabel: xLabel, ylabel: yLabel, legend: "never", resizable: "passive", pixelRatio: Math.max(2, devicePixelRatio),
      axes: { x: axisOptions(isLog, wholeX, { drawGrid: false, pixelsPerLabel: 50, axisLabelWidth: 44 }),
        y: axisOptions(yLog, wholeY, { pixelsPerLabel: 36 }) },
      axisLineColor: "#6b7680", axisLineWidth: 1, gridLineColor: "#e8ecef", gridLineWidth: 1, axisLabelFontSize: 12,
      xLabelHeight: 20, yLabelWidth: 18, rightGap: 22, zoomCallback: () => this.afterZoom(),
      clickCallback: onclick && ((event) => onclick(this.xAt(event))), ...options };
    queueMicrotask(() => this.begin());  // by then the figure lies in the page, and has a width
  }

  begin() {
    for (const old of Chart.shown) {
      if (old.plot.isConnected) continue;
      old.graph.destroy();
      Chart.shown.delete(old);
    }
    Chart.shown.add(this);
    this.range = this.full;
    this.yRange = this.fit(this.full);
    this.graph = new Dygraph(this.plot, this.rowsOverAll(), { ...this.options, valueRange: this.yRange });
  }

  /** Empty rows at the ends make dygraphs show the whole range when it shows all. */
  rowsOverAll() {
    const empty = this.options.labels.slice(1).map(() => null);
    return [[this.full[0], ...empty], ...this.rows, [this.full[1], ...empty]];
  }
  xAt(event) {
    return this.graph.toDataXCoord(event.clientX - this.plot.getBoundingClientRect().left);
  }
  draw() {
    if (this.graph) this.graph.updateOptions({});
  }

  afterZoom() {
    const range = this.graph.xAxisRange();
    if (String(range) !== String(this.range) || !this.graph.isZoomed("y")) {  // not a zoom along y alone
      this.range = range;
      this.yRange = this.fit(range);
      this.graph.updateOptions({ valueRange: this.yRange });
    }
    this.reset.hidden = !this.graph.isZoomed("x") && String(this.graph.yAxisRange()) === String(this.yRange);
  }
  zoom([low, high]) {
    const range = [Math.max(low, this.full[0]), Math.min(high, this.full[1])];
    if (String(range) === String(this.full)) return this.graph.resetZoom();
    if (!(range[1] > range[0])) return;
    this.graph.updateOptions({ dateWindow: range });
    this.afterZoom();
  }
  setLog(isLog, full) {
    this.full = full;
    this.graph.updateOptions({ dateWindow: null, file: this.rowsOverAll(), axes: { x: { logscale: isLog } } });
    this.graph.resetZoom();
  }
  onKey(event) {
    const { x, w } = this.graph.getArea();
    const steps = { "+": [0.2, 0.8], "-": [-0.33, 1.33], ArrowLeft: [-0.2, 0.8], ArrowRight: [0.2, 1.2] }[event.key];
    if (event.key === "0") this.graph.resetZoom();
    else if (steps) this.zoom(steps.map((share) => this.graph.toDataXCoord(x + share * w)));
    else return;
    event.preventDefault();
  }
}
Chart.shown = new Set();

// Two columns of a printed page; pictures of the screen's width would be cut off.
const resizeCharts = (width) => Chart.shown.forEach(({ plot, graph }) => {
  plot.style.width = width;
  graph.resize();
});
addEventListener("beforeprint", () => resizeCharts("340px"));
addEventListener("afterprint", () => resizeCharts(""));

/** The quantile at `share`, linear between the ranks as in `mirst stats`; values: [[value, counts by split ...], ...], rising. */
function quantile(values, share) {
  const total = sum(values.map((row) => sum(row.slice(1)))), rank = (total - 1) * share;
  const at = (index) => {
    let before = 0;
    return values.find((row) => (before += sum(row.slice(1))) > index)[0];
  };
  const low = at(Math.floor(rank));
  return low + (at(Math.ceil(rank)) - low) * (rank - Math.floor(rank));
}

/** How often values occur, stacked by split; the bins follow the zoom. */
function histogram({ title, axis, items, values }) {
  const total = sum(values.map((row) => sum(row.slice(1))));
  const least = values[0][0], largest = values[values.length - 1][0];
  const isWhole = values.every((row) => Number.isInteger(row[0]));
  const margin = isWhole ? Math.max(0.5, 2.5 - (largest - least) / 2) : (largest - least || Math.abs(least) || 1) * 0.02;
  const begins = least >= 0 && least < (largest - least) / 4 && !isWhole ? 0 : least - margin;  // near 0: at 0
  const full = [least >= 0 ? Math.max(isWhole ? -0.5 : 0, begins) : begins, largest + margin];
  let edges = [], bins = [], isLog = false;
  const edgesOf = ([low, high]) => {
    if (!isWhole || isLog)
      return Array.from({ length: 31 }, (_, i) => (isLog ? low * (high / low) ** (i / 30) : low + ((high - low) * i) / 30));
    const step = Math.max(1, Math.ceil((high - low) / 40)), begin = Math.floor(low + 0.5) - 0.5;
    return Array.from({ length: Math.ceil((high - begin) / step) + 1 }, (_, i) => begin + i * step);
  };
  const fit = (range) => {
    edges = edgesOf(range);
    bins = edges.slice(1).map(() => [0, 0, 0, 0]);
    let bin = 0;
    for (const [value, ...counts] of values) {
      if (value < edges[0]) continue;
      while (bin < bins.length - 1 && value >= edges[bin + 1]) ++bin;
      if (value > edges[edges.length - 1]) break;
      counts.forEach((count, split) => (bins[bin][split] += count));
    }
    return [0, 1.06 * Math.max(1, ...bins.map(sum))];
  };
  const plotter = ({ drawingContext: context, plotArea: { x, w }, dygraph }) => bins.forEach((counts, i) => {
    // toDomXCoord() knows no logarithmic x axis, toPercentXCoord() does.
    const [left, right] = [edges[i], edges[i + 1]].map((edge) => x + w * dygraph.toPercentXCoord(edge));
    let below = 0;
    counts.forEach((count, split) => {
      const [bottom, top] = [below, below + count].map((height) => dygraph.toDomYCoord(height));
      context.fillStyle = splitColours[split];
      context.fillRect(left + 0.5, top, Math.max(1, right - left - 1), bottom - top);
      below += count;
    });
  });
  const name = (i) => (isWhole && edges[i + 1] - edges[i] === 1 ? brief(edges[i] + 0.5) : `${brief(edges[i])} to ${brief(edges[i + 1])}`);
  const hover = (value) => {
    const i = edges.findIndex((edge, k) => value >= edge && value < edges[k + 1]);
    if (i < 0) return "";
    const parts = bins[i].flatMap((count, split) => (count > 0 ? [`${splitNames[split]}: ${whole(count)}`] : []));
    return [`${axis}: ${name(i)}`, `${whole(sum(bins[i]))} ${items} (${percent(sum(bins[i]), total)})`, ...parts].join("\n");
  };
  const toggle = html("button", { type: "button", "aria-pressed": "false", title: "Logarithmic axis", onclick: () => {
    isLog = !isLog;
    toggle.setAttribute("aria-pressed", isLog);
    chart.setLog(isLog, isLog ? [least * 0.9, largest * 1.1] : full);
  } }, "log");
  const caption = `${whole(total)} ${items}; median ${brief(quantile(values, 0.5))}, 5 to 95 %: ` +
    `${brief(quantile(values, 0.05))} to ${brief(quantile(values, 0.95))}, all: ${brief(least)} to ${brief(largest)}`;
  const chart = new Chart({ title, xLabel: axis, yLabel: items, full, fit, hover, caption, wholeX: isWhole, wholeY: true,
    buttons: least > 0 && largest / least > 8 ? [toggle] : [], rows: [], labels: ["x", "count"], options: { plotter } });
  return chart.figure;
}

/** Points of all curves as rows [x, a column a curve ...], rising in x; of a curve they keep their order. */
function joinedRows(curves) {
  const rows = [];
  const cells = curves.flatMap(({ points }, column) => points.map(([x, y]) => ({ x, y, column }))).sort((a, b) => a.x - b.x);
  for (const { x, y, column } of cells) {
    const last = rows[rows.length - 1];
    if (last && last[0] === x && last[column + 1] === null) last[column + 1] = y;
    else rows.push([x, ...curves.map((_, i) => (i === column ? y : null))]);
  }
  return rows;
}

/** Curves { name, points [[x, y], ...], colour, dashed, dots: true, "only" or nothing }; `cursor()` gives the x of a vertical line. */
function lineChart({ series, yRange = null, xRange = null, cursor = null, ...others }) {
  const all = series.flatMap((curve) => curve.points);
  const xs = all.map((point) => point[0]), ys = all.map((point) => point[1]).filter(isNumber);
  const [low, high] = xRange || [Math.min(...xs), Math.max(...xs)];
  const colourOf = (curve) => curve.colour || seriesColours[series.indexOf(curve) % seriesColours.length];
  const solid = series.filter((curve) => curve.points.length && !curve.dashed);
  const hover = (value) => solid.map((curve) => {
    const nearest = curve.points.reduce((best, point) => (Math.abs(point[0] - value) < Math.abs(best[0] - value) ? point : best));
    return `${curve.name}: ${brief(nearest[1])} at ${brief(nearest[0])}`;
  }).join("\n");
  const drawCursor = (context, { x, y, w, h }, graph) => {
    const at = x + w * graph.toPercentXCoord(cursor());
    context.fillStyle = "#c1440e";
    if (at >= x && at <= x + w) context.fillRect(at - 0.75, y, 1.5, h);
  };
  const styles = series.map((curve, i) => [`curve ${i}`, { color: colourOf(curve), strokePattern: curve.dashed ? [5, 4] : null,
    strokeWidth: curve.dots === "only" ? 0 : 1.8, drawPoints: Boolean(curve.dots) || curve.points.length === 1, pointSize: 3 }]);
  const chart = new Chart({ full: low < high ? [low, high] : [low - 1, low + 1], hover, rows: joinedRows(series),
    fit: () => yRange || [0, 1.08 * Math.max(...ys)], labels: ["x", ...styles.map(([name]) => name)],
    options: { series: Object.fromEntries(styles), connectSeparatedPoints: true, underlayCallback: cursor && drawCursor }, ...others });
  if (solid.length > 1) chart.figure.insertBefore(key(solid.map((curve) => [colourOf(curve), curve.name])), chart.plot);
  return chart;
}
