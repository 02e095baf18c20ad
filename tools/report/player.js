// The player: frames of one sequence with masks, boxes, tracks, SCR and detections; the target enlarged; SCR by frame.
// A sequence is loaded when it is opened: frames.js calls mirst.receive, strips come as pictures.

const colours = { truth: "#3ddc6a", miss: "#ffd21f", alarm: "#ff5a4d", track: "#4db8ff", decoy: "#ff9df0" };
const player = {
  sequence: null, labels: null, frame: 0, wanted: 0, timer: null, fps: 10, contrast: 1, target: null, curve: null, strips: new Map(),
  detector: data.head.detectors.length ? 0 : -1,
  overlays: { mask: true, box: true, track: true, scr: true, detections: true },
};
const received = new Map();
window.mirst = { receive: (key, labels) => received.set(key, labels) };

function openInPlayer(sequence, frame, scroll = true) {
  stop();
  Object.assign(player, { sequence, labels: null, wanted: frame, frame, target: null, strips: new Map() });
  byId("player-name").textContent = sequence.name;
  const begin = () => {
    if (player.sequence !== sequence) return;  // another one was opened meanwhile
    player.labels = received.get(sequence.key);
    player.hasTimes = player.labels.frames.some((frame) => frame.time_s > 0);
    byId("seek").max = player.labels.frames.length - 1;
    drawCurve();
    showFrame(player.wanted);
  };
  if (received.has(sequence.key)) begin();
  else document.head.append(html("script", { src: `${sequence.folder}frames.js`, onload: begin,
    onerror: () => (byId("status").textContent = `${sequence.folder}frames.js is missing beside this page`) }));
  markChosen();
  if (scroll) byId("player").scrollIntoView();
}

function markChosen() {
  for (const row of byId("table").tBodies[0].rows)
    row.classList.toggle("chosen", player.sequence !== null && Number(row.dataset.index) === player.sequence.index);
}

/** Its size and the counts of black and white; single pictures have their own. */
function displayOf(frame) {
  const { sequence, labels } = player, own = labels.frames[frame];
  const [width, height] = own.size || [sequence.width, sequence.height], [low, high] = own.stretch || [sequence.low, sequence.high];
  return { width, height, low, high };
}

/** The strip that holds a frame; asks for it when it is not there yet. */
function stripOf(frame) {
  const number = Math.floor(frame / player.labels.strip_frames);
  if (frame >= player.labels.frames.length) return null;
  if (!player.strips.has(number)) {
    const picture = new Image(), { sequence } = player;
    picture.onload = () => { if (player.sequence === sequence && stripOf(player.frame) === picture) drawFrame(); };
    picture.src = `${sequence.folder}strip_${String(number).padStart(2, "0")}.jpg`;
    player.strips.set(number, picture);
    for (const old of [...player.strips.keys()].slice(0, -4)) player.strips.delete(old);  // a few megabytes each
  }
  return player.strips.get(number);
}

function showFrame(frame) {
  if (!player.labels) return;
  player.frame = Math.min(Math.max(frame, 0), player.labels.frames.length - 1);
  byId("seek").value = player.frame;
  fitScreen();
  stripOf(player.frame + player.labels.strip_frames);  // the next one, before it is needed
  drawFrame();
}

/** Makes the screen as large as the frame in whole or half steps, where it has the room. */
function fitScreen() {
  const { sequence } = player, { width, height, low, high } = displayOf(player.frame), canvas = byId("screen");
  const room = Math.min(canvas.parentElement.clientWidth / width, 800 / height);
  player.zoom = room >= 1 ? Math.max(1, Math.floor(room * 2) / 2) : room;
  const size = [width, height].map((extent) => Math.round(extent * player.zoom));
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  byId("player-facts").textContent = `${sequence.split || "no split"}, ${sequence.source}, ${width} × ${height} px; 8-bit copy: ` +
    `black = ${brief(low)}, white = ${brief(high)} counts (0.1st to 99.9th percentile, widened to the targets), JPEG quality ` +
    data.head.jpeg_quality;
}

/** Outlines of the runs x, y, length of a mask: each side of a pixel that no other pixel of it shares. */
function maskOutline(runs) {
  const inside = new Set(), lines = [];
  for (let i = 0; i < runs.length; i += 3) for (let k = 0; k < runs[i + 2]; ++k) inside.add(`${runs[i] + k},${runs[i + 1]}`);
  for (const pixel of inside) {
    const [x, y] = pixel.split(",").map(Number);
    if (!inside.has(`${x},${y - 1}`)) lines.push([x, y, x + 1, y]);
    if (!inside.has(`${x},${y + 1}`)) lines.push([x, y + 1, x + 1, y + 1]);
    if (!inside.has(`${x - 1},${y}`)) lines.push([x, y, x, y + 1]);
    if (!inside.has(`${x + 1},${y}`)) lines.push([x + 1, y, x + 1, y + 1]);
  }
  return lines;
}
function strokeMask(context, runs, zoom, offsetX, offsetY) {
  context.beginPath();
  for (const [x1, y1, x2, y2] of maskOutline(runs)) {
    context.moveTo((x1 - offsetX) * zoom, (y1 - offsetY) * zoom);
    context.lineTo((x2 - offsetX) * zoom, (y2 - offsetY) * zoom);
  }
  context.stroke();
}

function drawFrame() {
  const { labels, sequence, frame, zoom, overlays } = player, canvas = byId("screen"), { width, height } = displayOf(frame);
  const strip = stripOf(frame);
  if (!strip.complete || !strip.naturalWidth) return;  // its onload draws again
  const context = canvas.getContext("2d"), { targets, decoys, name, time_s: time } = labels.frames[frame];
  const top = (frame % labels.strip_frames) * labels.tile_height;
  context.imageSmoothingEnabled = zoom < 1;
  context.filter = player.contrast === 1 ? "none" : `contrast(${player.contrast})`;
  context.drawImage(strip, 0, top, width, height, 0, 0, canvas.width, canvas.height);
  context.filter = "none";
  const frameBox = ([x, y, w, h], colour, margin, dash = []) => {
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.strokeRect((x - margin) * zoom, (y - margin) * zoom, (w + 2 * margin) * zoom, (h + 2 * margin) * zoom);
    context.setLineDash([]);
  };
  if (overlays.track) drawTracks(context);
  context.lineWidth = 1.5;
  for (const decoy of overlays.box ? decoys : []) frameBox(decoy.box, colours.decoy, 2, [2, 3]);
  for (const target of targets) {
    context.strokeStyle = colours.truth;
    if (overlays.mask) strokeMask(context, target.runs, zoom, 0, 0);
    if (overlays.box) frameBox(target.box, colours.truth, 2);
    if (overlays.scr) drawLabel(context, target);
  }
  const found = player.detector >= 0 && labels.frames[frame].found[player.detector];
  if (found && overlays.detections) {
    context.lineWidth = 2;
    found.false_boxes.forEach((box) => frameBox(box, colours.alarm, 2));
    found.misses.forEach((box) => frameBox(box, colours.miss, 4, [6, 4]));
    found.hits.forEach((box) => frameBox(box, colours.truth, 4));
  }
  drawLens(strip, top);
  const many = found && found.false_alarms > found.false_boxes.length ? ` (${found.false_boxes.length} drawn)` : "";
  const hits = found ? `; ${data.head.detectors[player.detector]}: ${found.hits.length} found, ${found.misses.length} missed, ` +
    `${found.false_alarms} false alarms${many}` : "";
  byId("status").textContent = `Frame ${frame + 1} of ${labels.frames.length} (${name})${player.hasTimes ? `, ${fixed(time, 2)} s` : ""}${hits}`;
  byId("screen").setAttribute("aria-label", `${sequence.name}, frame ${frame + 1}: ` +
    (targets.map((t) => `target ${t.id} at ${t.centre[0].toFixed(0)}, ${t.centre[1].toFixed(0)}, SCR ${fixed(t.scr, 2)}`).join("; ") || "no target"));
  if (player.curve) player.curve.draw();
}

function drawLabel(context, target) {
  const text = `SCR ${fixed(target.scr, 2)}`, [x, y, width] = target.box, { zoom } = player;
  context.font = "13px Helvetica, Arial, sans-serif";
  const room = context.measureText(text).width;
  const left = Math.min(Math.max(0, (x + width / 2) * zoom - room / 2), context.canvas.width - room - 2);
  const base = y * zoom - 15 > 16 ? y * zoom - 15 : (y + target.box[3]) * zoom + 28;
  context.fillStyle = "#000a";
  context.fillRect(left - 3, base - 12, room + 6, 16);
  context.fillStyle = "#fff";
  context.fillText(text, left, base);
}

/** The way so far in full, the way ahead faintly. */
function drawTracks(context) {
  const paths = new Map();
  player.labels.frames.forEach(({ targets }, i) => targets.forEach((t) => {
    if (!paths.has(t.id)) paths.set(t.id, []);
    paths.get(t.id).push([i, ...t.centre]);
  }));
  if (!player.sequence.ordered) return;
  context.strokeStyle = colours.track;
  context.lineWidth = 1.2;
  for (const path of paths.values()) {
    for (const [isPast, alpha] of [[true, 0.9], [false, 0.35]]) {
      context.globalAlpha = alpha;
      context.beginPath();
      path.filter(([i]) => (isPast ? i <= player.frame : i >= player.frame))
        .forEach(([, x, y]) => context.lineTo((x + 0.5) * player.zoom, (y + 0.5) * player.zoom));
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

/** The chosen target over its own grey values. */
function drawLens(strip, top) {
  const canvas = byId("lens"), context = canvas.getContext("2d"), facts = byId("lens-facts");
  const { targets } = player.labels.frames[player.frame];
  const target = targets.find((t) => t.id === player.target) || targets[0];
  context.fillStyle = "#222";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!target) {
    facts.replaceChildren(html("dd", {}, "no target in this frame"));
    return;
  }
  const [x, y, width, height] = target.crop, zoom = canvas.width / width;
  // Grey low ... high to 0 ... 255 by the two filters there are: first brightness, then contrast about the middle.
  const [low, high] = target.view.map((grey) => grey / 255), span = Math.max(high - low, 1 / 255), gain = 1 + (2 * low) / span;
  context.imageSmoothingEnabled = false;
  context.filter = `brightness(${1 / (span * gain)}) contrast(${gain})`;
  context.drawImage(strip, x, top + y, width, height, 0, 0, canvas.width, canvas.height);
  context.filter = "none";
  context.strokeStyle = colours.truth;
  context.lineWidth = 1.5;
  if (player.overlays.mask) strokeMask(context, target.runs, zoom, x, y);
  const lines = [["Target", `${target.id}${targets.length > 1 ? ` of ${targets.length} here` : ""}${target.class ? `, ${target.class}` : ""}`],
    ["SCR (box20)", `${fixed(target.scr, 2)}${target.asked ? `; asked for ${fixed(target.asked, 2)}` : ""}`],
    ["Size, speed", `${target.area} px, ${fixed(target.speed, 2)} px/frame`],
    ["Centre", target.centre.map((value) => value.toFixed(2)).join(", ")], ["Flags", target.flags.join(", ") || "none"]];
  facts.replaceChildren(...lines.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]));
}

function drawCurve() {
  const tracks = new Map();
  player.labels.frames.forEach(({ targets }, i) => targets.forEach((t) => {
    if (!tracks.has(t.id)) tracks.set(t.id, { scr: [], asked: [] });
    tracks.get(t.id).scr.push([i + 1, t.scr]);
    if (t.asked > 0) tracks.get(t.id).asked.push([i + 1, t.asked]);
  }));
  player.curve = null;
  if (tracks.size === 0) return byId("curve").replaceChildren(html("p", {}, "This sequence shows no target."));
  const series = !player.sequence.ordered ? [{ name: "target", points: [...tracks.values()].flatMap(({ scr }) => scr), dots: "only" }]
    : [...tracks].slice(0, 6).flatMap(([id, { scr, asked }], i) => [
    { name: `target ${id}`, points: scr, colour: seriesColours[i] },
    ...(asked.length ? [{ name: `target ${id}, asked for`, points: asked, colour: seriesColours[i], dashed: true }] : [])]);
  player.curve = lineChart({ title: "SCR by frame", xLabel: "frame", yLabel: "SCR (box20)", series,
    xRange: [1, player.labels.frames.length], cursor: () => player.frame + 1, onclick: (x) => { stop(); showFrame(Math.round(x) - 1); },
    caption: "Dashed: the SCR asked for. A click shows that frame." });
  byId("curve").replaceChildren(player.curve.figure);
}

function play() {
  if (!player.labels) return;
  player.timer = setInterval(() => showFrame((player.frame + 1) % player.labels.frames.length), 1000 / player.fps);
  byId("play").textContent = "Pause";
}
function stop() {
  clearInterval(player.timer);
  player.timer = null;
  if (byId("play")) byId("play").textContent = "Play";
}
function step(frames) {
  stop();
  showFrame(player.frame + frames);
}
function openNeighbour(direction) {
  const list = shown.length ? shown : data.sequences;
  const at = list.indexOf(player.sequence);
  openInPlayer(list[(at + direction + list.length) % list.length], 0, false);
}
function toggleOverlay(name) {
  player.overlays[name] = !player.overlays[name];
  byId(`show-${name}`).checked = player.overlays[name];
  if (player.labels) drawFrame();
}

const playerKeys = {
  " ": () => (player.timer ? stop() : play()), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
  Home: () => step(-Infinity), End: () => step(Infinity), PageUp: () => openNeighbour(-1), PageDown: () => openNeighbour(1),
  m: () => toggleOverlay("mask"), b: () => toggleOverlay("box"), t: () => toggleOverlay("track"), s: () => toggleOverlay("scr"),
  d: () => toggleOverlay("detections"),
};

function writePlayer() {
  const button = (text, onclick, attributes = {}) => html("button", { type: "button", onclick, ...attributes }, text);
  const overlay = ([name, text]) => html("label", {}, html("input", { type: "checkbox", id: `show-${name}`,
    checked: player.overlays[name], onchange: () => toggleOverlay(name) }), text);
  const kinds = [["mask", "mask (m)"], ["box", "box (b)"], ["track", "track (t)"], ["scr", "SCR (s)"]];
  const contrast = html("input", { type: "range", min: 1, max: 8, step: 0.25, value: 1, "aria-label": "Contrast",
    oninput: () => { player.contrast = Number(contrast.value); if (player.labels) drawFrame(); } });
  const seek = html("input", { type: "range", id: "seek", min: 0, max: 0, value: 0, "aria-label": "Frame",
    oninput: () => { stop(); showFrame(Number(seek.value)); } });
  const speed = choice("Frames a second", [2, 5, 10, 25, 50].map((fps) => [fps, `${fps} frames/s`]), (fps) => {
    player.fps = Number(fps);
    if (player.timer) { stop(); play(); }
  });
  speed.value = player.fps;
  const detectors = data.head.detectors.length ? [overlay(["detections", "detections (d) of"]),
    choice("Detector in the player", [...data.head.detectors.map((id, i) => [i, id]), [-1, "none"]],
      (i) => { player.detector = Number(i); if (player.labels) drawFrame(); }),
    key([[colours.truth, "hit"], [colours.miss, "missed"], [colours.alarm, "false alarm"]])] : [];
  byId("player-body").append(
    html("div", {},
      html("h3", { id: "player-name", style: "margin-top:0" }), html("p", { id: "player-facts", class: "hint" }),
      html("canvas", { id: "screen", width: 640, height: 512, tabindex: 0, role: "img", "aria-label": "no sequence opened" }),
      html("p", { id: "status" }, ""),
      html("div", { class: "bar-of-controls" }, button("Play", playerKeys[" "], { id: "play" }),
        button("‹ Frame", () => step(-1), { id: "back", "aria-label": "One frame back" }),
        button("Frame ›", () => step(1), { id: "forward", "aria-label": "One frame on" }), seek, speed,
        button("‹ Sequence", () => openNeighbour(-1), { "aria-label": "Sequence before" }),
        button("Sequence ›", () => openNeighbour(1), { "aria-label": "Next sequence" })),
      html("div", { class: "bar-of-controls" }, ...kinds.map(overlay), ...detectors, html("label", {}, "contrast", contrast)),
      html("p", { class: "hint" }, "Keys: space plays, ← → step, Home and End, Page up and Page down change the sequence of the filtered table.")),
    html("div", {}, html("div", { class: "lens-row" },
      html("canvas", { id: "lens", width: 216, height: 216, role: "img", "aria-label": "The target enlarged over its own grey values" }),
      html("dl", { id: "lens-facts" })), html("div", { id: "curve" })));
  byId("player").addEventListener("keydown", (event) => {
    const isField = event.target.matches("input, select, button, .plot");
    if (event.ctrlKey || event.altKey || event.metaKey || !playerKeys[event.key]) return;
    if (isField && !["m", "b", "t", "s", "d", "PageUp", "PageDown"].includes(event.key)) return;
    event.preventDefault();
    playerKeys[event.key]();
  });
  byId("screen").addEventListener("click", (event) => {  // chooses the nearest target for the lens
    if (!player.labels) return;
    const distance = (t) => Math.hypot(t.centre[0] - event.offsetX / player.zoom, t.centre[1] - event.offsetY / player.zoom);
    const nearest = [...player.labels.frames[player.frame].targets].sort((a, b) => distance(a) - distance(b))[0];
    if (nearest) player.target = nearest.id;
    drawFrame();
  });
  addEventListener("resize", () => { if (player.labels) { fitScreen(); drawFrame(); } });
  openInPlayer(data.sequences[0], data.sequences[0].card.frame, false);
}
