// The head of the shown cell: formula, buttons, numbers and flags.

import {
  asideCount, automaticFormulaText, checkedCount, correctionCount, countsNow, draftOf, draftText,
  flagHeading, reviewOf,
} from "./cells.mjs";
import { flagLine } from "./chromosome.mjs";
import { caseOf, report } from "./data.mjs";
import { actionButton, byId, make, replaceKeepingFocus } from "./dom.mjs";
import { redo, resetCell, setReviewed, undo } from "./edits.mjs";
import { invertFilm } from "./film.mjs";
import { cellBeside, showCase, showCellBeside } from "./navigate.mjs";
import { setZoom } from "./scale.mjs";
import { histories, outdatedChanges, states } from "./state.mjs";
import { plural, sum } from "./text.mjs";
import { view } from "./view.mjs";

const ZOOM_STEP = 1.2;
// More images that were left out are listed on demand.
const MOST_SHOWN = 6;
const MARGIN_EXPLAINED =
  "Margin: natural logarithm of the odds of this assignment over the second-best one; " +
  "3 nats correspond to odds of 20 to 1.";

export function renderHead() {
  replaceKeepingFocus(byId("cell-head"), [
    title(),
    buttons(),
    numbers(),
    make("p", { className: "decided quiet" }, view.cell.decided),
    ...outdated(),
    ...flagHeading(view.cell, view.cell.flags).map((text) => make("p", { className: "quiet" }, text)),
    ...view.cell.flags.map(flagLine),
    ...leftOut("could not be read", view.cell.unread),
    ...leftOut("set aside by the program", view.cell.set_aside),
  ]);
}

/** Say what was entered for the cell when it had other images, results or names. */
function outdated() {
  const changes = outdatedChanges(view.cell);
  if (changes.length === 0) return [];
  const { time, reviewer, cell } = changes.at(-1);
  const why = cell === view.cell.cell
    ? "because the images of this cell, their names or its results have changed since"
    : `entered for the same images under another name, ${cell}`;
  const text = `${plural(changes.length, "earlier change")} not applied, ${why}; ` +
    `the last on ${time.slice(0, 10)} by ${reviewer || "an unnamed reviewer"}.`;
  return [make("p", { className: "left-out", id: "outdated" }, text)];
}

/** List the images that take no part, below a line that says so. */
function leftOut(what, images) {
  if (images.length === 0) return [];
  const items = images.map((one) =>
    make("li", {}, make("b", {}, one.name), `: ${one.reason}`),
  );
  return [
    make(
      "details",
      { className: "left-out", open: images.length <= MOST_SHOWN },
      make("summary", {}, `${plural(images.length, "image")} ${what}`),
      make("ul", {}, ...items),
    ),
  ];
}

function title() {
  const draft = draftOf(view.cell);
  return make(
    "div",
    { className: "title" },
    make("h2", { tabIndex: -1 }, view.cell.cell),
    make(
      "p",
      { className: "formula" },
      make("strong", { id: "iscn", className: draft === "" ? "none" : "" }, draftText(view.cell)),
      make("span", { className: "draft" }, report.draft_note),
    ),
    draft === view.cell.iscn
      ? null
      : make("p", { className: "quiet" }, `automatic result: ${automaticFormulaText(view.cell)}`),
  );
}

function buttons() {
  const { done, undone } = histories.get(view.cell.cell);
  const { reviewed } = states.get(view.cell.cell);
  const show = showCellBeside;
  const one = caseOf(view.cell);
  return make(
    "div",
    { className: "buttons" },
    one === undefined
      ? null
      : actionButton("to-case", "Case", "Page of the case (o)", () => showCase(one)),
    actionButton("previous", "‹ Previous", "Previous cell (p)", () => show(-1), !cellBeside(-1)),
    actionButton("next", "Next ›", "Next cell (n)", () => show(1), !cellBeside(1)),
    actionButton("undo", "Undo", "Undo (Ctrl+Z)", undo, done.length === 0),
    actionButton("redo", "Redo", "Redo (Ctrl+Shift+Z)", redo, undone.length === 0),
    actionButton("reset", "Reset cell", "Restore the automatic result; can be undone", resetCell),
    actionButton("smaller", "−", "Smaller chromosomes", () => setZoom(view.zoom / ZOOM_STEP)),
    actionButton("larger", "+", "Larger chromosomes", () => setZoom(view.zoom * ZOOM_STEP)),
    actionButton("film", "Invert", "Switch between dark on white and bright on black", invertFilm),
    make(
      "label",
      { className: `done${reviewed ? " yes" : ""}` },
      make("input", {
        type: "checkbox",
        id: "reviewed",
        checked: reviewed,
        onchange: (event) => setReviewed(event.target.checked),
      }),
      "Cell reviewed",
    ),
  );
}

function marginText() {
  const { margin } = view.cell;
  return margin === null ? "no alternative assignment" : `margin ${margin.toFixed(1)} nats`;
}

function reviewText() {
  const [reviewer, reviewed] = reviewOf(view.cell);
  return ` · reviewer: ${reviewer} · ${reviewed}`;
}

/** Write the reviewer, whose name was edited, where the cell is printed. */
export function renderReviewer() {
  if (view.one === null) byId("cell-head").querySelector(".print-only").textContent = reviewText();
}

function numbers() {
  return make(
    "p",
    { className: "numbers", title: MARGIN_EXPLAINED },
    [
      plural(sum(Object.values(countsNow(view.cell))), "chromosome"),
      `${asideCount(view.cell)} set aside manually`,
      marginText(),
      plural(correctionCount(view.cell), "correction"),
      `${checkedCount(view.cell)} of ${view.cell.total} checked`,
    ].join(" · "),
    make("span", { className: "print-only" }, reviewText()),
  );
}
