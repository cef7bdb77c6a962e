// The list of cells with its filter, and the steps from one cell to the next.

import { correctionCount, draftText, flagCount } from "./cells.mjs";
import { report } from "./data.mjs";
import { byId, make, say } from "./dom.mjs";
import { states } from "./state.mjs";
import { plural } from "./text.mjs";
import { redraw, view } from "./view.mjs";

function isListed(cell) {
  const words = byId("filter-text").value.trim().toLowerCase();
  const text = [cell.cell, cell.iscn, draftText(cell), ...cell.reasons].join("\n").toLowerCase();
  const kinds = {
    all: () => true,
    review: () => cell.reasons.length > 0,
    open: () => !states.get(cell.cell).reviewed,
    corrected: () => correctionCount(cell) > 0,
  };
  return text.includes(words) && kinds[byId("filter-kind").value]();
}

const badge = (kind, count, noun) =>
  make("span", { className: `badge ${kind}${count === 0 ? " none" : ""}` }, plural(count, noun));

function cellButton(cell) {
  const reviewed = states.get(cell.cell).reviewed;
  const button = make(
    "button",
    { type: "button", className: "cell", onclick: () => showCell(cell) },
    make(
      "span",
      { className: "name" },
      cell.cell,
      reviewed ? make("span", { className: "tick" }, " ✓ reviewed") : null,
    ),
    make("span", { className: "iscn" }, draftText(cell)),
    make(
      "span",
      { className: "badges" },
      badge("flags", flagCount(cell), "flag"),
      badge("corrections", correctionCount(cell), "correction"),
    ),
    ...cell.reasons.map((text) => make("span", { className: "reason" }, text)),
  );
  button.dataset.cell = cell.cell;
  if (cell === view.cell) button.setAttribute("aria-current", "true");
  return button;
}

export function renderList() {
  const listed = report.cells.filter(isListed);
  const reviewed = report.cells.filter((cell) => states.get(cell.cell).reviewed).length;
  byId("cells-summary").textContent =
    `${listed.length} of ${plural(report.cells.length, "cell")} · ${reviewed} reviewed`;
  byId("cells").replaceChildren(...listed.map((cell) => make("li", {}, cellButton(cell))));
  scrollListTo(byId("cells").querySelector("[aria-current]"));
}

/** Bring a cell of the list into view; `scrollIntoView` would also move the page. */
function scrollListTo(button) {
  if (button === null) return;
  const list = byId("cells").getBoundingClientRect();
  const at = button.getBoundingClientRect();
  if (at.top < list.top) byId("cells").scrollTop -= list.top - at.top;
  if (at.bottom > list.bottom) byId("cells").scrollTop += at.bottom - list.bottom;
}

function showCell(cell) {
  view.cell = cell;
  view.image = cell.chromosomes[0]?.name ?? null;
  view.typed = "";
  redraw();
  say(`Cell ${cell.cell}. Draft: ${draftText(cell)}.`);
}

/** Return the listed cell before (-1) or after (1) the shown one, which itself may be hidden. */
export function cellBeside(direction) {
  const place = report.cells.indexOf(view.cell);
  const rest =
    direction < 0 ? report.cells.slice(0, place).reverse() : report.cells.slice(place + 1);
  return rest.find(isListed);
}

export function showCellBeside(direction) {
  const next = cellBeside(direction);
  if (next !== undefined) showCell(next);
}
