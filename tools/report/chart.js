// Charts: histograms, lines and heat maps as SVG, with zoom along x (drag, double-click, keys) and values on hover.

const chartSize = { width: 460, height: 280, left: 58, right: 448, top: 10, bottom: 234 };

/** 1, 2 or 5 times a power of ten, so that about `wanted` steps reach over `span`. */
function tickStep(span, wanted) {
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  return power * ([1, 2, 5].find((factor) => factor * power * wanted >= span) || 10);
}
function linearTicks(low, high, wanted, isWhole) {
  const step = Math.max(tickStep(high - low, wanted), isWhole ? 1 : 0), ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
function logTicks(low, high) {
  const ticks = [], factors = high / low < 30 ? [1, 2, 5] : [1];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; ++exponent) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** exponent).toPrecision(3));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length > 8 ? ticks.filter((_, i) => i % Math.ceil(ticks.length / 8) === 0) : ticks;
}
const tickText = (value) => {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential();
  return size >= 1e4 ? `${Number((value / 1000).toPrecision(6))}k` : String(value);
};

/** Position on the picture of values from `low` to `high`, and back. */
function makeScale(low, high, from, to, isLog) {
  const along = isLog ? (value) => Math.log10(Math.max(value, low / 10)) : (value) => value;
  const begin = along(low), span = along(high) - begin || 1;
  const scale = (value) => from + ((along(value) - begin) / span) * (to - from);
  scale.back = (at) => {
    const value = begin + ((at - from) / (to - from)) * span;
    return isLog ? 10 ** value : value;
  };
  return scale;
}

/**
 * A frame with axes that zooms along x. `paint(x range)` gives { yHigh, yLow, draw(layer, x, y), hover(x value) -> text };
 * it is called again for every range.
 */
class Chart {
  constructor({ title, xLabel, yLabel, range, paint, isLog = false, yLog = false, caption = null, buttons = [], onclick = null,
    wholeX = false, wholeY = false }) {
    Object.assign(this, { xLabel, yLabel, paint, isLog, yLog, onclick, title, wholeX, wholeY });
    this.full = this.range = range;
    this.reset = html("button", { type: "button", hidden: true, onclick: () => this.zoom(this.full) }, "Show all");
    this.svg = svg("svg", { viewBox: `0 0 ${chartSize.width} ${chartSize.height}`, role: "img", tabindex: 0,
      "aria-label": `${title}: ${yLabel} over ${xLabel}` });
    this.figure = html("figure", {}, html("header", {}, html("h3", {}, title), this.reset, ...buttons), this.svg,
      caption && html("figcaption", {}, caption));
    this.svg.addEventListener("dblclick", () => this.zoom(this.full));
    this.svg.addEventListener("keydown", (event) => this.onKey(event));
    this.followPointer();
    this.draw();
  }

  zoom(range) {
    const [low, high] = this.full;
    this.range = [Math.max(low, range[0]), Math.min(high, range[1])];
    if (!(this.range[1] > this.range[0])) this.range = this.full;
    this.reset.hidden = this.range[0] === low && this.range[1] === high;
    this.draw();
  }

  onKey(event) {
    const { left, right } = chartSize;
    const at = (share) => this.x.back(left + share * (right - left));
    const ranges = { "+": [0.2, 0.8], "-": [-0.33, 1.33], ArrowLeft: [-0.2, 0.8], ArrowRight: [0.2, 1.2] };
    if (event.key === "0") this.zoom(this.full);
    else if (ranges[event.key]) this.zoom(ranges[event.key].map(at));
    else return;
    event.preventDefault();
  }

  followPointer() {
    let start = null, box = null;
    const place = (event) => {
      const frame = this.svg.getBoundingClientRect();
      return ((event.clientX - frame.left) / frame.width) * chartSize.width;
    };
    const inside = (at) => Math.min(Math.max(at, chartSize.left), chartSize.right);
    this.svg.addEventListener("pointerdown", (event) => {
      start = inside(place(event));
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      const at = inside(place(event));
      const text = this.hover && this.hover(this.x.back(at));
      text ? showTip(event, text) : hideTip();
      if (start === null || Math.abs(at - start) < 4) return;
      box = box || this.svg.appendChild(svg("rect", { class: "zoom" }));
      fill(box, { x: Math.min(at, start), width: Math.abs(at - start), y: chartSize.top, height: chartSize.bottom - chartSize.top }, []);
    });
    this.svg.addEventListener("pointerup", (event) => {
      const at = inside(place(event)), from = start;
      start = null;
      if (box) {
        box.remove();
        box = null;
        this.zoom([Math.min(at, from), Math.max(at, from)].map((pixel) => this.x.back(pixel)));
      } else if (this.onclick && from !== null) {
        this.onclick(this.x.back(at));
      }
    });
    this.svg.addEventListener("pointerleave", hideTip);
  }

  draw() {
    const { width, left, right, top, bottom, height } = chartSize;
    const painted = this.paint(this.range);
    const yLow = painted.yLow ?? 0, yHigh = painted.yHigh > yLow ? painted.yHigh : yLow + 1;
    const x = (this.x = makeScale(this.range[0], this.range[1], left, right, this.isLog));
    const y = (this.y = makeScale(yLow, yHigh, bottom, top, this.yLog));
    this.hover = painted.hover;
    const layer = svg("g", {});
    for (const tick of this.yLog ? logTicks(yLow, yHigh) : linearTicks(yLow, yHigh, 5, this.wholeY)) {
      layer.append(svg("path", { class: "grid", d: `M${left} ${y(tick)}H${right}` }),
        svg("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)));
    }
    for (const tick of this.isLog ? logTicks(...this.range) : linearTicks(...this.range, 6, this.wholeX)) {
      layer.append(svg("path", { class: "axis", d: `M${x(tick)} ${bottom}v4` }),
        svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, tickText(tick)));
    }
    const clip = `clip-${Chart.count++}`;
    const plot = svg("g", { "clip-path": `url(#${clip})` });
    layer.append(svg("clipPath", { id: clip }, svg("rect", { x: left, y: top, width: right - left, height: bottom - top + 1 })));
    layer.append(svg("rect", { class: "plot", x: left, y: top, width: right - left, height: bottom - top, fill: "transparent" }), plot);
    painted.draw(plot, x, y);
    layer.append(svg("path", { class: "axis", d: `M${left} ${top}V${bottom}H${right}` }),
      svg("text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle" }, this.xLabel),
      svg("text", { transform: `translate(13 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, this.yLabel));
    this.svg.replaceChildren(layer);
  }
}
Chart.count = 0;

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

/** How often values occur, stacked by split. */
function histogram({ title, axis, items, values }) {
  const total = sum(values.map((row) => sum(row.slice(1))));
  const least = values[0][0], largest = values[values.length - 1][0];
  const isWhole = values.every((row) => Number.isInteger(row[0]));
  const margin = isWhole ? Math.max(0.5, 2.5 - (largest - least) / 2) : (largest - least || Math.abs(least) || 1) * 0.02;
  const begins = least >= 0 && least < (largest - least) / 4 && !isWhole ? 0 : least - margin;  // near 0: at 0
  const range = [least >= 0 ? Math.max(isWhole ? -0.5 : 0, begins) : begins, largest + margin];
  let chart = null;
  const buttons = [];
  if (least > 0 && largest / least > 8) {
    const toggle = html("button", { type: "button", "aria-pressed": "false", title: "Logarithmic axis", onclick: () => {
      chart.isLog = !chart.isLog;
      chart.full = chart.isLog ? [least * 0.9, largest * 1.1] : range;
      toggle.setAttribute("aria-pressed", chart.isLog);
      chart.zoom(chart.full);
    } }, "log");
    buttons.push(toggle);
  }
  const edgesOf = ([low, high]) => {
    if (isWhole && !(chart && chart.isLog)) {
      const step = Math.max(1, Math.ceil((high - low) / 40)), begin = Math.floor(low + 0.5) - 0.5;
      return Array.from({ length: Math.ceil((high - begin) / step) + 1 }, (_, i) => begin + i * step);
    }
    const scale = makeScale(low, high, 0, 30, chart && chart.isLog);
    return Array.from({ length: 31 }, (_, i) => scale.back(i));
  };
  const paint = (shown) => {
    const edges = edgesOf(shown), bins = edges.slice(1).map(() => [0, 0, 0, 0]);
    let bin = 0;
    for (const [value, ...counts] of values) {
      if (value < edges[0]) continue;
      while (bin < bins.length - 1 && value >= edges[bin + 1]) ++bin;
      if (value > edges[edges.length - 1]) break;
      counts.forEach((count, split) => (bins[bin][split] += count));
    }
    const name = (i) => (isWhole && edges[i + 1] - edges[i] === 1 ? brief(edges[i] + 0.5) : `${brief(edges[i])} to ${brief(edges[i + 1])}`);
    return {
      yHigh: 1.06 * Math.max(...bins.map(sum)),
      draw: (plot, x, y) => bins.forEach((counts, i) => {
        let below = 0;
        counts.forEach((count, split) => {
          if (count === 0) return;
          plot.append(svg("rect", { class: "bar", x: x(edges[i]) + 0.5, width: Math.max(1, x(edges[i + 1]) - x(edges[i]) - 1),
            y: y(below + count), height: y(below) - y(below + count), fill: splitColours[split] }));
          below += count;
        });
      }),
      hover: (value) => {
        const i = edges.findIndex((edge, k) => value >= edge && value < edges[k + 1]);
        if (i < 0) return "";
        const parts = bins[i].flatMap((count, split) => (count > 0 ? [`${splitNames[split]}: ${whole(count)}`] : []));
        return [`${axis}: ${name(i)}`, `${whole(sum(bins[i]))} ${items} (${percent(sum(bins[i]), total)})`, ...parts].join("\n");
      },
    };
  };
  const caption = `${whole(total)} ${items}; median ${brief(quantile(values, 0.5))}, 5 to 95 %: ` +
    `${brief(quantile(values, 0.05))} to ${brief(quantile(values, 0.95))}, all: ${brief(least)} to ${brief(largest)}`;
  chart = new Chart({ title, xLabel: axis, yLabel: items, range, paint, caption, buttons,
    wholeX: isWhole, wholeY: true });
  return chart.figure;
}

/** Curves { name, points [[x, y], ...], colour, dashed, dots: true, "only" or nothing }; `cursor()` gives the x of a vertical line. */
function lineChart({ series, yRange, xRange = null, cursor = null, ...options }) {
  const all = series.flatMap((curve) => curve.points);
  const xs = all.map((point) => point[0]), ys = all.map((point) => point[1]).filter(isNumber);
  const range = xRange || [Math.min(...xs), Math.max(...xs)];
  const paint = () => ({
    yLow: yRange ? yRange[0] : 0,
    yHigh: yRange ? yRange[1] : 1.08 * Math.max(...ys),
    draw: (plot, x, y) => {
      series.forEach((curve, i) => {
        const colour = curve.colour || seriesColours[i % seriesColours.length];
        const path = curve.points.map(([px, py], k) => `${k ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
        if (curve.dots !== "only") plot.append(svg("path", { class: "line", stroke: colour, d: path, "stroke-dasharray": curve.dashed ? "5 4" : null }));
        if (curve.dots || curve.points.length === 1)
          for (const [px, py] of curve.points) plot.append(svg("circle", { cx: x(px), cy: y(py), r: 3, fill: colour }));
      });
      if (cursor) plot.append(svg("path", { class: "cursor", d: `M${x(cursor())} ${y.back ? chartSize.top : 0}V${chartSize.bottom}` }));
    },
    hover: (value) => {
      const lines = series.filter((curve) => curve.points.length && !curve.dashed).map((curve) => {
        const nearest = curve.points.reduce((best, point) => (Math.abs(point[0] - value) < Math.abs(best[0] - value) ? point : best));
        return `${curve.name}: ${brief(nearest[1])} at ${brief(nearest[0])}`;
      });
      return lines.join("\n");
    },
  });
  const chart = new Chart({ range: range[0] < range[1] ? range : [range[0] - 1, range[0] + 1], paint, ...options });
  const solid = series.filter((curve) => !curve.dashed);
  if (solid.length > 1) {
    const names = solid.map((curve) => [curve.colour || seriesColours[series.indexOf(curve) % seriesColours.length], curve.name]);
    chart.figure.insertBefore(key(names), chart.svg);
  }
  return chart;
}

/** Cells [row][column] { shade 0..1, text, tip }; names of rows run upwards; onclick(row, column). */
function heatMap({ title, rows, columns, cells, xLabel, yLabel, caption, onclick, buttons = [] }) {
  const { width, height, right, top, bottom } = chartSize, left = 76;
  const cellWidth = (right - left) / columns.length, cellHeight = (bottom - top) / rows.length;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${xLabel} by ${yLabel}`,
    class: onclick ? "clickable" : "" });
  rows.forEach((row, r) => {
    const y = bottom - (r + 1) * cellHeight;
    picture.append(svg("text", { x: left - 6, y: y + cellHeight / 2 + 4, "text-anchor": "end" }, row));
    columns.forEach((column, c) => {
      const { shade, text, tip: words } = cells[r][c], x = left + c * cellWidth;
      const fillOf = shade === null ? "#f6f7f8" : `hsl(212, ${30 + 35 * shade}%, ${96 - 64 * shade}%)`;
      const cell = svg("rect", { class: "cell", x: x + 0.5, y: y + 0.5, width: cellWidth - 1, height: cellHeight - 1, fill: fillOf,
        onpointermove: (event) => showTip(event, words), onpointerleave: hideTip, onclick: () => onclick && onclick(r, c) });
      picture.append(cell);
      if (text && cellWidth > 24 && cellHeight > 13) {
        picture.append(svg("text", { x: x + cellWidth / 2, y: y + cellHeight / 2 + 4, "text-anchor": "middle",
          style: `pointer-events:none${shade > 0.55 ? ";fill:#fff" : ""}` }, text));
      }
    });
  });
  columns.forEach((column, c) => picture.append(
    svg("text", { x: left + (c + 0.5) * cellWidth, y: bottom + 17, "text-anchor": "middle" }, column)));
  picture.append(svg("text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle" }, xLabel),
    svg("text", { transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yLabel));
  return html("figure", {}, html("header", {}, html("h3", {}, title), ...buttons), picture,
    caption && html("figcaption", {}, caption));
}
