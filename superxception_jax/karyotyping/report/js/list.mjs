// The list of cases and cells. Entries are kept, and only those that changed are made anew.

import { correctionCount, draftText, flagCount, flagHeading } from "./cells.mjs";
import { caseFormulaText, caseNow } from "./consensus.mjs";
import { caseOf, report } from "./data.mjs";
import { byId, make } from "./dom.mjs";
import { ownName } from "./labels.mjs";
import { isFailedListed, isListed, sections, showCase, showCell } from "./navigate.mjs";
import { states } from "./state.mjs";
import { plural } from "./text.mjs";
import { view } from "./view.mjs";

// Case or cell → {signature: what the entry shows, entry}.
const entries = new Map();

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
      caseOf(cell) === undefined ? cell.cell : ownName(cell),
      reviewed ? make("span", { className: "tick" }, " ✓ reviewed") : null,
    ),
    make("span", { className: "iscn" }, draftText(cell)),
    make(
      "span",
      { className: "badges" },
      badge("flags", flagCount(cell), "flag"),
      badge("corrections", correctionCount(cell), "correction"),
    ),
    ...[...flagHeading(cell, cell.reasons), ...cell.reasons].map(
      (text) => make("span", { className: "reason" }, text),
    ),
  );
  button.dataset.cell = cell.cell;
  if (isCurrent(cell)) button.setAttribute("aria-current", "true");
  return button;
}

const isCurrent = (cell) => view.one === null && cell === view.cell;
const reviewedCount = (cells) => cells.filter((cell) => states.get(cell.cell).reviewed).length;

/** Return what the list says of the cells of a case; where there are none, why. */
function cellsText({ one, cells }) {
  if (cells.length > 0) return `${plural(cells.length, "cell")} · ${reviewedCount(cells)} reviewed`;
  return one.cells.set_aside.map(({ cell, reason }) => `${cell}: ${reason}`).join("; ");
}

function caseButton(section) {
  const { one } = section;
  const button = make(
    "button",
    { type: "button", className: "cell case", onclick: () => showCase(one) },
    make("span", { className: "name" }, one.case === "" ? "Case without a name" : one.case),
    make("span", { className: "iscn" }, caseFormulaText(caseNow(one))),
    make("span", { className: "reason" }, cellsText(section)),
  );
  button.dataset.case = one.case;
  if (one === view.one) button.setAttribute("aria-current", "true");
  return button;
}

function entryOf(key, shown, makeButton) {
  const signature = JSON.stringify(shown);
  if (entries.get(key)?.signature !== signature) {
    entries.set(key, { signature, entry: make("li", {}, makeButton()) });
  }
  return entries.get(key).entry;
}

const cellEntry = (cell) => entryOf(
  cell,
  [
    draftText(cell), flagHeading(cell, cell.reasons), correctionCount(cell),
    states.get(cell.cell).reviewed, isCurrent(cell),
  ],
  () => cellButton(cell),
);

const caseEntry = (section) => entryOf(
  section.one,
  [caseFormulaText(caseNow(section.one)), reviewedCount(section.cells), section.one === view.one],
  () => caseButton(section),
);

export function renderList() {
  const listed = [];
  let count = 0;
  for (const section of sections) {
    const cells = section.cells.filter(isListed);
    const isFailed = section.cells.length === 0 && isFailedListed(section.one);
    if (cells.length === 0 && !isFailed) continue;
    count += cells.length;
    if (section.one !== null) listed.push(caseEntry(section));
    listed.push(...cells.map(cellEntry));
  }
  byId("cells-summary").textContent =
    `${count} of ${plural(report.cells.length, "cell")} · ${reviewedCount(report.cells)} reviewed`;
  const hadFocus = byId("cells").contains(document.activeElement);
  replaceChanged(byId("cells"), listed);
  if (hadFocus && !byId("cells").contains(document.activeElement)) {
    byId("cells").querySelector("[aria-current]")?.focus({ preventScroll: true });
  }
  scrollListTo(byId("cells").querySelector("[aria-current]"));
}

/** Give a list other entries; those that stay keep their place, focus and layout. */
function replaceChanged(list, entriesNow) {
  const stays = new Set(entriesNow);
  for (const old of [...list.children]) {
    if (!stays.has(old)) old.remove();
  }
  entriesNow.forEach((entry, place) => {
    if (list.children[place] !== entry) list.insertBefore(entry, list.children[place] ?? null);
  });
}

/** Bring an entry of the list into view; `scrollIntoView` would also move the page. */
function scrollListTo(button) {
  if (button === null) return;
  const list = byId("cells").getBoundingClientRect();
  const at = button.getBoundingClientRect();
  if (at.top < list.top) byId("cells").scrollTop -= list.top - at.top;
  if (at.bottom > list.bottom) byId("cells").scrollTop += at.bottom - list.bottom;
}
