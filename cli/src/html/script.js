// Conditions on hover and focus, arrow keys in the grid, filters. Everything else of the page stands without it.
"use strict";
for (const grid of document.querySelectorAll("table.grid")) {
  const data = JSON.parse(document.getElementById(grid.dataset.texts).textContent);
  const detail = document.getElementById(grid.dataset.detail);
  const body = grid.tBodies[0];
  let row = 0, column = 0, marked = null;
  const show = (y, x) => {
    const text = data.texts[data.pairs[Math.min(y, x)][Math.abs(x - y)]];
    detail.textContent = data.names[y] + " × " + data.names[x] + ": " + text;
  };
  const cell = (y, x) => (body.rows[y] ? body.rows[y].cells[x + 1] : null);
  const move = () => {
    if (marked) marked.classList.remove("at");
    marked = cell(row, column);
    if (!marked) return;
    marked.classList.add("at");
    marked.scrollIntoView({ block: "nearest", inline: "nearest" });
    show(row, column);
  };
  const place = (event) => {
    const td = event.target.closest("td");
    return td ? [td.parentElement.rowIndex - 1, td.cellIndex - 1] : null;
  };
  grid.addEventListener("mouseover", (event) => { const at = place(event); if (at) show(at[0], at[1]); });
  grid.addEventListener("click", (event) => { const at = place(event); if (at) { [row, column] = at; move(); } });
  grid.addEventListener("focus", move);
  grid.addEventListener("keydown", (event) => {
    const last = data.names.length - 1;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -last], End: [0, last] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    row = Math.min(last, Math.max(0, row + step[0]));
    column = Math.min(last, Math.max(0, column + step[1]));
    move();
  });
}
for (const input of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(input.dataset.filters);
  const count = document.getElementById(input.dataset.count);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    count.textContent = shown + " shown";
  });
}
