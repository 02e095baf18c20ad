// The first look: facts, the four panels, every distribution, heat maps.

const quantities = new Map(data.distributions.quantities.map((quantity) => [quantity.id, quantity]));
const splitsShown = splitNames.filter((name, i) =>
  data.sequences.some((sequence) => sequence.split === name || (i === 3 && !splitNames.includes(sequence.split))));

function writeFacts() {
  const { sequences, head, provenance } = data;
  const frames = sum(sequences.map((s) => s.frames)), targets = sum(sequences.map((s) => s.targets));
  byId("lead").textContent = `${whole(sequences.length)} sequences, ${whole(frames)} frames, ${whole(targets)} labelled targets in ` +
    `${whole(sum(sequences.map((s) => s.with_target)))} of them; ${provenance.sources.length} background sources.`;
  const sizes = new Set(sequences.map((s) => (s.ordered ? `${s.width} × ${s.height} px, ${s.bits} bit` : "single pictures of their own sizes")));
  const bySplit = splitNames.flatMap((name, i) => {
    const members = sequences.filter((s) => s.split === name || (i === 3 && !splitNames.includes(s.split)));
    return members.length ? [`${name}: ${members.length} sequences, ${whole(sum(members.map((s) => s.frames)))} frames`] : [];
  });
  const low = sequences.filter((s) => isNumber(s.mscr) && s.mscr < head.low_scr).length;
  const high = sequences.filter((s) => isNumber(s.mscr) && s.mscr >= head.low_scr).length;
  const leaks = provenance.sources.filter((source) => Object.keys(source.splits).length > 1).length;
  const facts = [
    ["Data set", head.dataset_id ? html("code", {}, head.dataset_id) : `a folder of the layout "${head.layout}"`],
    ["Splits", bySplit.join("; ")],
    ["Images", [...sizes].slice(0, 4).join("; ") + (sizes.size > 4 ? ` and ${sizes.size - 4} more sizes` : "")],
    ["Mean SCR (box20) of the sequences", `${low} below ${head.low_scr}, ${high} from ${head.low_scr} on`],
    ["Leak check", leaks === 0
      ? html("span", {}, html("span", { class: "good" }, "passed"), `: none of the ${provenance.sources.length} sources lies in two splits`)
      : html("span", { class: "bad" }, `failed: ${leaks} of ${provenance.sources.length} sources lie in several splits`)],
  ];
  for (const [name, value] of facts) byId("facts").append(html("div", {}, html("dt", {}, name), html("dd", {}, value)));
}

/** "3", "5–9" or "82 +": a bin of whole or of real numbers by its lower edge. */
function binName(edges, i, isWhole) {
  if (i === edges.length - 1) return `≥ ${edges[i]}`;
  const last = isWhole ? edges[i + 1] - 1 : edges[i + 1];
  return last === edges[i] ? String(last) : `${edges[i]}–${last}`;
}
const binOf = (edges, value) => edges.findLastIndex((edge) => value >= edge);

function sizeBySCR() {
  const { scr_edges: scr, area_edges: area } = data.head;
  const counts = area.map(() => scr.map(() => 0));
  const members = data.sequences.filter((s) => isNumber(s.mscr) && isNumber(s.area));
  for (const s of members) counts[Math.max(0, binOf(area, Math.round(s.area)))][Math.max(0, binOf(scr, s.mscr))] += 1;
  const most = Math.max(1, ...counts.flat());
  return heatMap({
    title: "Sequences by target size and mean SCR", xLabel: "mean SCR of a sequence (box20)", yLabel: "mean size (px)",
    rows: area.map((_, i) => binName(area, i, true)), columns: scr.map((_, i) => binName(scr, i, false)),
    cells: counts.map((row, r) => row.map((count, c) => ({
      shade: count ? count / most : null, text: count ? String(count) : "",
      tip: `size ${binName(area, r, true)} px, mean SCR ${binName(scr, c, false)}\n${count} sequences` }))),
    caption: "A cell that is clicked filters the table of sequences.",
    onclick: (r, c) => filterRanges({ mscr: [scr[c], scr[c + 1]], area: [area[r] - 0.5, area[r + 1] && area[r + 1] - 0.5] }),
  });
}

function placesMap() {
  const rows = data.distributions.places, total = sum(rows.flat()), most = Math.max(1, ...rows.flat());
  return heatMap({
    title: "Where the targets lie", xLabel: "column (share of the width)", yLabel: "row (share of the height)",
    rows: rows.map((_, r) => (r % 3 === 2 || r === 0 ? fixed(1 - (r + 0.5) / rows.length, 2) : "")),
    columns: rows[0].map((_, c) => (c % 4 === 1 ? fixed((c + 0.5) / rows[0].length, 2) : "")),
    cells: [...rows].reverse().map((row) => row.map((count) => ({
      shade: count ? count / most : null, text: "", tip: `${whole(count)} targets (${percent(count, total)})` }))),
    caption: `${whole(total)} targets; the upper left corner of the image lies at the upper left.`,
  });
}

function scrByDefinition() {
  const holder = html("div", {});
  const select = choice("Definition of the SCR", data.distributions.scr_ids.map((id) => [id, id]), draw);
  function draw(id) {
    const figure = histogram({ ...quantities.get(`scr:${id}`), title: "SCR of a target, by definition" });
    figure.querySelector("header").append(select);
    holder.replaceChildren(figure);
  }
  if (data.distributions.scr_ids.includes("box20")) select.value = "box20";
  draw(select.value);
  return holder;
}

function writeOverview() {
  writeFacts();
  const panels = data.distributions.quantities.filter((quantity) => quantity.panel && quantity.values.length);
  for (const quantity of panels) byId("panels").append(histogram({ ...quantity, title: `(${quantity.panel}) ${quantity.title}` }));
  if (splitsShown.length > 1)
    byId("panels").before(key(splitsShown.map((name) => [splitColours[splitNames.indexOf(name)], name])));
  const charts = byId("charts");
  charts.append(sizeBySCR());
  if (data.distributions.scr_ids.length) charts.append(scrByDefinition());
  charts.append(placesMap());
  for (const quantity of data.distributions.quantities)
    if (!quantity.panel && !quantity.id.startsWith("scr:")) charts.append(histogram(quantity));
  if (data.distributions.spectrum.length) {
    const powers = data.distributions.spectrum.map((point) => point[1]);
    charts.append(lineChart({ title: "Power spectrum of the backgrounds", xLabel: "radial frequency (cycles/px)",
      yLabel: "power (counts²)", isLog: true, yLog: true, yRange: [Math.min(...powers) / 1.5, Math.max(...powers) * 1.5],
      series: [{ name: "power", points: data.distributions.spectrum }], caption: "Mean over the sequences." }).figure);
  }
}
