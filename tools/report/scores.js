// Scores of detectors (mirst evaluate) and the course of a training.

const subsetCells = (subset) => {
  const value = (ratio, digits, unit = 1) => fixed(ratio.value === null ? null : unit * ratio.value, digits);
  return [subset.id, subset.sequences, subset.frames, value(subset.iou_pooled, 4), value(subset.iou_seq, 4), value(subset.niou, 4),
    value(subset.pd_seq, 4), `${subset.pd_pooled.count}/${subset.pd_pooled.of}`, subset["fa_1e-6"], subset.fa_pooled.count,
    value(subset.fa_px_seq, 2, 1e6)];
};

function plainTable(headings, rows, isText) {
  const kind = (column) => (isText(column) ? "text" : null);
  return html("div", { class: "wide" }, html("table", { class: "plain" },
    html("thead", {}, html("tr", {}, ...headings.map((heading, i) => html("th", { scope: "col", class: kind(i) }, heading)))),
    html("tbody", {}, ...rows.map(({ cells, kind: rowKind }) => (rowKind
      ? html("tr", { class: rowKind }, html("td", { colspan: headings.length }, ...cells))
      : html("tr", {}, ...cells.map((cell, i) => html("td", { class: kind(i) }, cell instanceof Node ? cell : String(cell)))))))));
}

function scoreTable(evaluation) {
  const rows = evaluation.detectors.flatMap((detector) => [{ kind: "group", cells: [detector.id] },
    ...detector.points.flatMap((point) => [{ kind: "rule", cells: [`${point.rule} (${point.origin})`] },
      ...point.subsets.filter((subset) => subset.sequences > 0).map((subset) => ({ cells: subsetCells(subset) }))])]);
  return plainTable(["Subset", "Sequences", "Frames", "IoU", "IoU (seq)", "nIoU", "Pd", "Found / targets", "Fa, 1e-6", "False px",
    "Fa (px), 1e-6"], rows, (column) => column === 0);
}

/** Corners are joined by straight lines over a linear axis: over a logarithmic one these bend, and need points between. */
function bent(points) {
  return points.flatMap(([x, y], i) => {
    const [x0, y0] = i ? points[i - 1] : [x, y], parts = x > 1.2 * x0 ? 24 : 1;
    return Array.from({ length: parts }, (_, k) => {
      const between = x0 * (x / x0) ** ((k + 1) / parts);
      return k + 1 === parts ? [x, y] : [between, y0 + ((y - y0) * (between - x0)) / (x - x0)];
    });
  });
}

function rocChart(evaluation) {
  const least = 1e-6;
  const series = evaluation.detectors.filter((detector) => detector.roc.length).map((detector) => ({
    name: detector.auc === null ? detector.id : `${detector.id}, AUC ${detector.auc.toFixed(4)}`,
    points: bent(detector.roc.map(([x, y]) => [Math.max(x, least), y])) }));
  if (!series.length) return null;
  return lineChart({ title: "ROC over pixels", xLabel: "false pixels / all pixels without target", yLabel: "target pixels found",
    isLog: true, xRange: [least, 1.2], yRange: [-0.02, 1.04], series,
    caption: "From the exact scores; false rates below 1e-6 are drawn at the edge." }).figure;
}

/** Pd by SCR with its 95 % interval over background sources, where there is one. */
function pdByScr(detector, point) {
  const bins = point.pd_by.filter((bin) => bin.quantity === "scr");
  if (!bins.length) return null;
  return lineChart({ title: "Pd by SCR", xLabel: "mean SCR of the bin (box20)", yLabel: "targets found", yRange: [-0.02, 1.04],
    xRange: [0, 1.05 * Math.max(...bins.map((bin) => bin.mean))],
    series: [{ name: detector.id, dots: true, points: bins.map((bin) => [bin.mean, bin.pd.value]) },
      ...(bins.every((bin) => bin.interval) ? ["low", "high"].map((end) => ({ name: `95 % interval, ${end}`, dashed: true,
        colour: seriesColours[0], points: bins.map((bin) => [bin.mean, bin.interval[end]]) })) : [])],
    caption: "Dashed: 95 % interval over background sources, where there are eight of them." }).figure;
}

const lowerEdge = (bin) => Number(bin.replace(/^[^\d.-]*/, "").split(/[^\d.e-]/)[0]);
function pdSurface(detector, point) {
  if (!point.surface.length) return null;
  const names = (id) => [...new Set(point.surface.map((cell) => cell[id]))].sort((a, b) => lowerEdge(a) - lowerEdge(b));
  const rows = names("area_px"), columns = names("scr");
  const cells = rows.map((row) => columns.map((column) => {
    const cell = point.surface.find((one) => one.area_px === row && one.scr === column);
    if (!cell) return { shade: null, text: "", tip: `size ${row} px, SCR ${column}\nno targets` };
    return { shade: cell.found / cell.of, text: (cell.found / cell.of).toFixed(2),
      tip: `size ${row} px, SCR ${column}\n${cell.found} of ${cell.of} targets found` };
  }));
  return heatMap({ title: "Pd over SCR and size", rows, columns, cells, xLabel: "SCR of the target in its frame (box20)",
    yLabel: "size (px)", caption: "Protocol P1, all speeds; grey: no targets." });
}

function writeDetection() {
  const section = byId("detection");
  for (const evaluation of data.evaluations) {
    section.hidden = false;
    section.append(html("h3", {}, evaluation.name), html("p", {}, `${evaluation.sequences} sequences, ${whole(evaluation.frames)} frames of ` +
      `the split ${evaluation.split || "all"}; protocol ${evaluation.protocol}, subsets by mean SCR (box20).`), scoreTable(evaluation),
      html("p", { class: "hint" }, "IoU is pooled over pixels; IoU (seq), Pd, Fa and Fa (px) are means over sequences, nIoU over frames " +
        "that hold truth or prediction. A target is found when the centroid of a predicted component lies less than 3 px from its own. Fa " +
        "counts the pixels of predicted components that match no target, Fa (px) every false pixel; fewer than 10 false pixels give a " +
        "bound. \"Half of the frame's maximum\" is the published tables' compatibility choice; thresholds named after a split were fixed there."));
    const charts = html("div", { class: "charts" });
    const pairs = evaluation.detectors.flatMap((detector) => detector.points.map((point) => ({ detector, point })));
    const draw = (i) => charts.replaceChildren(...[rocChart(evaluation), pdByScr(pairs[i].detector, pairs[i].point),
      pdSurface(pairs[i].detector, pairs[i].point)].filter(Boolean));
    if (!pairs.length) continue;
    section.append(html("p", { class: "bar-of-controls" }, "Pd by SCR and size of ", choice("Detector and operating point",
      pairs.map(({ detector, point }, i) => [i, `${detector.id}, ${point.origin}`]), draw)), charts);
    draw(0);
    for (const detector of evaluation.detectors)
      for (const note of detector.notes) section.append(html("p", { class: "hint" }, `${detector.id}: ${note}`));
  }
  if (data.head.detectors.length) {
    section.hidden = false;
    const rows = data.head.detectors.map((id, i) => {
      const found = data.sequences.map((s) => s.found[i]).filter(Boolean), total = (k) => sum(found.map((counts) => counts[k]));
      const frames = sum(data.sequences.filter((s) => s.found[i]).map((s) => s.frames));
      return { cells: [id, found.length, whole(frames), `${whole(total(0))}/${whole(total(1))}`, percent(total(0), total(1)),
        whole(total(2)), frames ? (total(2) / frames).toFixed(2) : "–"] };
    });
    section.append(html("h3", {}, "Masks held against the truth"), html("p", { class: "hint" },
      "Protocol P1, frame by frame; the player shows each hit, miss and false alarm."),
      plainTable(["Masks", "Sequences", "Frames", "Found / targets", "Pd (pooled)", "False alarms", "A frame"], rows, (column) => column === 0));
  }
  const records = [data.training, ...data.evaluations.flatMap((e) => e.detectors.map((detector) => detector.training))];
  const seen = records.filter((record) => record && isNumber(record.samples_seen)).sort((a, b) => a.samples_seen - b.samples_seen)[0];
  if (seen && seen.samples_seen < data.head.smoke_run_windows) {
    document.querySelector("main").prepend(html("p", { class: "notice" }, html("b", {}, "Smoke run, not converged. "),
      `The network saw ${whole(seen.samples_seen)} windows of five frames in ${whole(seen.steps)} steps; a training over 48 epochs sees ` +
      `${whole(data.head.smoke_run_windows)} and more. Its scores show that the path from data to numbers works, not how well the network detects.`));
  }
}

function writeTraining() {
  const { training } = data;
  if (!training) return;
  const section = byId("training"), last = training.loss[training.loss.length - 1];
  section.hidden = false;
  const charts = html("div", { class: "charts" }, lineChart({ title: "Loss", xLabel: "step", yLabel: "loss (SoftIoU)",
    yRange: [0, 1.04 * Math.max(1, ...training.loss.map((point) => point[1]))], series: [{ name: "loss", points: training.loss }],
    caption: "Training loss, mean since the row before." }).figure);
  const curves = training.validation.filter((curve) => curve.points.length);
  if (curves.length) {
    charts.append(lineChart({ title: "Validation", xLabel: "step", yLabel: "score on the validation split", yRange: [-0.02, 1.04],
      xRange: [0, 1.02 * last[0]], series: curves.map((curve) => ({ ...curve, dots: true })), caption: "Means over its sequences (nIoU: over frames)." }).figure);
  }
  section.append(html("p", {}, `${whole(last[0])} steps, ${whole(training.samples)} windows of five frames (${fixed(training.epoch, 2)} epochs) in ` +
    `${fixed(training.seconds, 0)} s; loss (SoftIoU) ${last[1].toFixed(4)} at the end.`), charts);
}
