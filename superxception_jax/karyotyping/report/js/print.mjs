// Printing: the shown cell as it is, or the page of a case followed by the karyograms of its cells.

import {
  automaticFormulaText, countsNow, draftOf, draftText, flagHeading, membersOf, reviewOf,
} from "./cells.mjs";
import { ASIDE, cellsOf, classesOfGroup, report, ROWS } from "./data.mjs";
import { byId, make, say } from "./dom.mjs";
import { isUsual } from "./formula.mjs";
import { loadCell, pin, release, tellMissing } from "./load.mjs";
import { setPrintScale } from "./scale.mjs";
import { chromosomeState } from "./state.mjs";
import { view } from "./view.mjs";

let printed = [];
// What was folded on the page of the case, and is open on paper.
let unfolded = [];
// The request that is being prepared: {one: the case or null, cell: the shown cell}; null: none.
let request = null;

/** Return whether the page of a request is still shown. */
const isShown = ({ one, cell }) => one === view.one && (one !== null || cell === view.cell);

function printedPicture(cell, one) {
  const image = make("img", { src: one.image, alt: "" });
  image.style.setProperty("--w", one.width_px);
  image.style.setProperty("--h", one.height_px);
  if (chromosomeState(cell, one).turned !== one.turned) image.classList.add("upside-down");
  return make("span", { className: "printed" }, image);
}

function printedSlot(cell, name, counts) {
  const unusual = name !== ASIDE && !isUsual(name, counts);
  const members = membersOf(cell, name);
  if (name === ASIDE && members.length === 0) return null;
  return make(
    "div",
    { className: `slot${name === ASIDE ? " aside" : ""}${unusual ? " unusual" : ""}` },
    make("div", { className: "members" }, ...members.map((one) => printedPicture(cell, one))),
    make("span", { className: "number" }, name === ASIDE ? "Set aside" : name,
      unusual ? make("span", { className: "copies" }, ` ×${counts[name]}`) : null),
  );
}

function karyogramOf(cell) {
  const counts = countsNow(cell);
  const rows = ROWS.map((names, place) => make(
    "div",
    { className: "row" },
    ...names.map((name) => make(
      "div",
      { className: "group" },
      make("div", { className: "slots" },
        ...classesOfGroup.get(name).map((one) => printedSlot(cell, one, counts))),
      make("span", { className: "group-name" }, name),
    )),
    place === ROWS.length - 1 ? printedSlot(cell, ASIDE, counts) : null,
  ));
  const area = make("div", { className: "karyogram" }, ...rows);
  setPrintScale(area, cell);
  return area;
}

function pageOf(cell) {
  const [reviewer, reviewed] = reviewOf(cell);
  return make(
    "section",
    { className: "printed-cell" },
    make("h2", {}, cell.cell),
    make("p", { className: "formula" }, make("strong", {}, draftText(cell)),
      make("span", {}, report.draft_note)),
    make("p", {}, `${report.research_note} Reviewer: ${reviewer}, ${reviewed}.`),
    draftOf(cell) === cell.iscn
      ? null
      : make("p", {}, `automatic result: ${automaticFormulaText(cell)}`),
    ...flagHeading(cell, cell.flags).map((text) => make("p", {}, text)),
    ...cell.flags.map((text) => make("p", {}, `⚑ ${text}`)),
    karyogramOf(cell),
  );
}

/** Prepare the karyograms of a case, and return whether they are still wanted. */
async function prepareCase(own) {
  const isWanted = () => request === own && isShown(own);
  const cells = cellsOf(own.one);
  say("Preparing the karyograms for printing.");
  pin(cells);
  printed = cells;
  for (const cell of cells) {
    await loadCell(cell);
    if (!isWanted()) return false;
    byId("printed-cells").append(pageOf(cell));
  }
  const images = [...byId("printed-cells").querySelectorAll("img")];
  await Promise.all(images.map((image) => image.decode()));
  return isWanted();
}

/** Wait for the images of the shown cell, and return whether it is still shown. */
async function prepareCell(own) {
  await loadCell(own.cell);
  const images = [...document.querySelectorAll("#karyogram img")];
  await Promise.all(images.map((image) => image.decode()));
  return isShown(own);
}

/** Open what is folded on the page of a case: on paper nobody can. */
export function unfold() {
  const folded = [...document.querySelectorAll("#case-page details:not([open])")];
  for (const details of folded) {
    details.fill?.();
    details.open = true;
  }
  unfolded.push(...folded);
}

export function clearPrinted() {
  for (const details of unfolded) details.open = false;
  unfolded = [];
  byId("printed-cells").replaceChildren();
  release(printed);
  printed = [];
}

/**
 * Print what is shown; the karyograms of a case are removed when the dialog is closed. They take a
 * while: meanwhile the same request is not repeated, and it ends when another page is shown.
 */
export async function printShown() {
  if (request !== null && isShown(request)) return;
  clearPrinted();
  const own = { one: view.one, cell: view.cell };
  request = own;
  let isWanted = true;
  try {
    isWanted = own.one === null ? await prepareCell(own) : await prepareCase(own);
  } catch (error) {
    isWanted = false;
    if (request === own && isShown(own)) tellMissing(error);
  } finally {
    if (request === own) {
      request = null;
      // Those of a later request stay.
      if (!isWanted) clearPrinted();
    }
  }
  if (isWanted) window.print();
}
