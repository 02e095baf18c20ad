"use strict";
// What all parts of the page use: the data, elements, numbers, colours, the tooltip. Text from files enters the page as
// text only (textContent, setAttribute), never as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const splitNames = ["train", "val", "test", "no split"];
const splitColours = ["#1f4e8c", "#e08a1e", "#2d8659", "#7a8791"];
const seriesColours = ["#1f4e8c", "#c1440e", "#2d8659", "#7a4ea3", "#b8860b", "#0f8b8d", "#555555"];
data.sequences.forEach((sequence, i) => {
  sequence.index = i;
  sequence.key = String(i).padStart(5, "0");
  sequence.folder = `data/${sequence.key}/`;
});

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
/** An HTML element; attributes that begin with "on" are listeners, children are elements or text. */
const html = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
/** The same in SVG. */
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const byId = (id) => document.getElementById(id);

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
/** "12.3", or a dash where nothing is known. */
const fixed = (value, digits) => (isNumber(value) ? value.toFixed(digits) : "–");
/** Three digits for the eye, without the noise of binary fractions. */
const brief = (value) => (isNumber(value) ? String(Number(value.toPrecision(3))) : "–");
const percent = (count, of) => (of > 0 ? `${((100 * count) / of).toFixed(1)} %` : "–");
const whole = (value) => value.toLocaleString("en");
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const tip = byId("tip");
function showTip(event, text) {
  tip.textContent = text;
  tip.hidden = false;
  const right = event.clientX + 16 + tip.offsetWidth > innerWidth;
  tip.style.left = `${right ? event.clientX - tip.offsetWidth - 12 : event.clientX + 16}px`;
  tip.style.top = `${Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 6)}px`;
}
const hideTip = () => (tip.hidden = true);

/** A select with an option a pair [value, text]. */
function choice(label, pairs, onchange) {
  const select = html("select", { "aria-label": label, onchange: () => onchange(select.value) });
  for (const [value, text] of pairs) select.append(html("option", { value }, text));
  return select;
}
function key(entries) {
  const items = entries.map(([colour, text]) => html("span", {}, html("i", { style: `background:${colour}` }), text));
  return html("div", { class: "key" }, ...items);
}
