// The sequences: filter, sortable table, contact sheet. All three show the same list.

/** Detectors whose hits by sequence are known: { label, of(sequence) -> { found, targets, alarms, unit } or null }. */
const detectorChoices = [
  ...data.head.detectors.map((id, i) => ({
    label: id,
    of: (s) => s.found[i] && { found: s.found[i][0], targets: s.found[i][1], alarms: s.found[i][2], unit: "" },
  })),
  ...data.evaluations.flatMap((evaluation) => evaluation.detectors.flatMap((detector) => detector.points.map((point) => ({
    label: `${detector.id}, ${point.origin}`,
    of: (s) => point.sequences[s.name] && {
      found: point.sequences[s.name][0], targets: point.sequences[s.name][1], alarms: point.sequences[s.name][2], unit: " px" },
  })))),
];
let detectorChoice = detectorChoices[0];

const hitsOf = (s) => detectorChoice.of(s);
const share = (hits) => (hits && hits.targets > 0 ? hits.found / hits.targets : null);
const flagText = (s) => Object.entries(s.flags).map(([name, count]) => `${name} ${count}`).join(", ");
const tableColumns = [
  { id: "name", title: "Sequence", value: (s) => s.name, isText: true },
  { id: "split", title: "Split", value: (s) => s.split, isText: true },
  { id: "source", title: "Source", value: (s) => s.source, isText: true },
  { id: "classes", title: "Class", value: (s) => s.classes.join(", "), isText: true },
  { id: "frames", title: "Frames", value: (s) => s.frames },
  { id: "tracks", title: "Tracks", value: (s) => s.tracks },
  { id: "mscr", title: "Mean SCR", value: (s) => s.mscr, digits: 2 },
  { id: "asked", title: "Asked for", value: (s) => s.asked || null, digits: 2 },
  { id: "area", title: "Size (px)", value: (s) => s.area, digits: 1 },
  { id: "speed", title: "Speed (px/frame)", value: (s) => s.speed, digits: 2 },
  { id: "flags", title: "Flags", value: flagText, isText: true },
  ...(detectorChoice ? [
    { id: "pd", title: "Found", value: (s) => share(hitsOf(s)),
      text: (s) => { const hits = hitsOf(s); return hits ? `${hits.found}/${hits.targets} (${percent(hits.found, hits.targets)})` : "–"; } },
    { id: "alarms", title: "False alarms", value: (s) => hitsOf(s) && hitsOf(s).alarms,
      text: (s) => { const hits = hitsOf(s); return hits ? whole(hits.alarms) + hits.unit : "–"; } },
  ] : []),
];

const filter = { text: "", split: "", flag: "", mscr: [], area: [], speed: [] };
const sorting = { id: "name", falling: false };
let shown = data.sequences;  // filtered and sorted
let cardsShown = 24;

const within = (value, [low, high]) =>
  (low === undefined && high === undefined) || (isNumber(value) && value >= (low ?? -Infinity) && value < (high ?? Infinity));

function applyFilter() {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (s) => [s.name, s.split, s.source, ...s.classes, ...s.models, flagText(s)].join(" ").toLowerCase();
  const column = tableColumns.find(({ id }) => id === sorting.id);
  const isUnknown = (value) => value === null || value === undefined || value === "";
  shown = data.sequences.filter((s) => (!filter.split || s.split === filter.split) && (!filter.flag || filter.flag in s.flags) &&
    ["mscr", "area", "speed"].every((id) => within(s[id], filter[id])) && words.every((word) => textOf(s).includes(word)));
  shown.sort((a, b) => {  // what is unknown comes last in both directions
    const p = column.value(a), q = column.value(b);
    if (isUnknown(p) || isUnknown(q)) return isUnknown(p) - isUnknown(q) || a.index - b.index;
    const order = column.isText ? p.localeCompare(q, "en", { numeric: true }) : p - q;
    return (sorting.falling ? -order : order) || a.index - b.index;
  });
  cardsShown = 24;
  writeTable();
  writeCards();
}

function writeTable() {
  byId("count").textContent = `${shown.length} of ${data.sequences.length} sequences, ` +
    `${whole(sum(shown.map((s) => s.frames)))} frames`;
  byId("table").tHead.replaceChildren(html("tr", {}, ...tableColumns.map((column) => {
    const isSorted = column.id === sorting.id;
    return html("th", { class: column.isText ? "text" : null, scope: "col", "data-id": column.id,
      "aria-sort": isSorted ? (sorting.falling ? "descending" : "ascending") : "none" },
      html("button", { type: "button", onclick: () => sortBy(column.id) }, column.title + (isSorted ? (sorting.falling ? " ▾" : " ▴") : "")));
  })));
  byId("table").tBodies[0].replaceChildren(...shown.map((s) => html("tr", { "data-index": s.index },
    ...tableColumns.map((column) => {
      if (column.id === "name")
        return html("td", { class: "text" }, html("button", { type: "button", class: "name", onclick: () => openInPlayer(s, 0) }, s.name));
      const text = column.text ? column.text(s) : column.isText ? column.value(s) || "–"
        : column.digits ? fixed(column.value(s), column.digits) : column.value(s) ?? "–";
      return html("td", { class: column.isText ? "text" : null, title: column.isText ? text : null }, String(text));
    }))));
  markChosen();
}

function sortBy(id) {
  sorting.falling = sorting.id === id ? !sorting.falling : false;
  sorting.id = id;
  applyFilter();
  byId("table").querySelector(`th[data-id=${id}] button`).focus();
}

function writeCards() {
  byId("cards").replaceChildren(...shown.slice(0, cardsShown).map((s) => {
    const { box, frame, size: [width, height] } = s.card;
    const place = box && { left: (box[0] + box[2] / 2) / width, top: (box[1] + box[3] / 2) / height,
      width: box[2] / width, height: box[3] / height };
    const mark = place && html("span", { class: "mark", style: `left:${100 * place.left}%;top:${100 * place.top}%;` +
      `width:calc(${100 * place.width}% + 10px);height:calc(${100 * place.height}% + 10px)` });
    const lines = [`${s.split || "no split"}, ${s.classes.join(", ") || "target"}`, `mean SCR ${fixed(s.mscr, 2)}`,
      `${fixed(s.area, 1)} px, ${fixed(s.speed, 2)} px/frame`, s.source];
    return html("button", { type: "button", class: "card", onclick: () => openInPlayer(s, frame) },
      html("strong", {}, s.name),
      html("span", { class: "frame" }, html("img", { src: `${s.folder}card.jpg`, loading: "lazy",
        alt: `Frame ${frame + 1} of ${s.name}`, width, height, style: "height:auto" }), mark),
      html("span", {}, box && html("img", { class: "enlarged", src: `${s.folder}target.png`, loading: "lazy",
        alt: `Enlarged target of ${s.name}` }), ...lines.map((line) => html("small", {}, line))));
  }));
  const more = byId("more");
  if (more) more.remove();
  if (shown.length > cardsShown) {
    byId("cards").after(html("button", { id: "more", type: "button", onclick: () => { cardsShown += 48; writeCards(); } },
      `Show more of ${shown.length} sequences`));
  }
}

/** Sets ranges from a chart, and shows the table. */
function filterRanges(ranges) {
  for (const [id, [low, high]] of Object.entries(ranges)) {
    filter[id] = [low, high];
    byId(`${id}-low`).value = low ?? "";
    byId(`${id}-high`).value = high ?? "";
  }
  applyFilter();
  byId("sequences").scrollIntoView();
}

function writeFilter() {
  const form = byId("filter");
  const labelled = (text, ...controls) => html("label", {}, text, ...controls);
  const distinct = (values) => [...new Set(values)].filter(Boolean).map((value) => [value, value]);
  const range = (id, title) => {
    const read = () => {
      filter[id] = ["low", "high"].map((end) => byId(`${id}-${end}`).value).map((text) => (text === "" ? undefined : Number(text)));
      applyFilter();
    };
    const input = (end, words) => html("input", { type: "number", id: `${id}-${end}`, step: "any", placeholder: words,
      "aria-label": `${title}, ${words}`, oninput: read });
    return html("label", {}, title, html("span", { class: "range" }, input("low", "from"), input("high", "below")));
  };
  const search = html("input", { type: "search", id: "search", placeholder: "name, source, class, flag",
    oninput: () => { filter.text = search.value; applyFilter(); } });
  form.append(labelled("Search", search));
  const splits = distinct(data.sequences.map((s) => s.split));
  if (splits.length > 1) form.append(labelled("Split", choice("Split", [["", "all"], ...splits], (value) => { filter.split = value; applyFilter(); })));
  const flags = distinct(data.sequences.flatMap((s) => Object.keys(s.flags)));
  if (flags.length) form.append(labelled("Flag", choice("Flag", [["", "any"], ...flags], (value) => { filter.flag = value; applyFilter(); })));
  form.append(range("mscr", "Mean SCR"), range("area", "Size (px)"), range("speed", "Speed (px/frame)"));
  if (detectorChoices.length > 1)
    form.append(labelled("Detector", choice("Detector", detectorChoices.map(({ label }, i) => [i, label]),
      (i) => { detectorChoice = detectorChoices[i]; applyFilter(); })));
  form.append(html("button", { type: "reset" }, "Clear"));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    Object.assign(filter, { text: "", split: "", flag: "", mscr: [], area: [], speed: [] });
    detectorChoice = detectorChoices[0];
    applyFilter();
  });
}
