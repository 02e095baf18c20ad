// Heat maps as SVG: cells of a table that a reader compares by shade, which the chart library does not draw.

/** Cells [row][column] { shade 0..1, text, tip }; names of rows run upwards; onclick(row, column). */
function heatMap({ title, rows, columns, cells, xLabel, yLabel, caption, onclick, buttons = [] }) {
  const width = 460, height = 280, left = 76, right = 448, top = 10, bottom = 234;
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
