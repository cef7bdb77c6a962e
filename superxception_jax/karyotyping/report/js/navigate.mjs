// The order of cases and cells, which of them are listed, and the steps from one to the next.

import { correctionCount, draftText, leftToReview } from "./cells.mjs";
import { caseFormulaText, caseNow } from "./consensus.mjs";
import { caseOf, cellsOf, report } from "./data.mjs";
import { byId, say } from "./dom.mjs";
import { isLoaded, loadCell, tellMissing } from "./load.mjs";
import { states } from "./state.mjs";
import { redraw, view } from "./view.mjs";

// {one: a case, or null for cells of none, cells}. A case comes where its first cell would; cases of
// which no cell could be karyotyped are the last.
export const sections = makeSections();
const ordered = sections.flatMap((section) => section.cells);

function makeSections() {
  const cases = [...new Set(report.cells.map(caseOf))].filter((one) => one !== undefined);
  const rest = report.cells.filter((cell) => caseOf(cell) === undefined);
  const found = cases.map((one) => ({ one, cells: cellsOf(one) }));
  const failed = report.cases.filter((one) => cellsOf(one).length === 0);
  return [
    ...found,
    ...(rest.length > 0 ? [{ one: null, cells: rest }] : []),
    ...failed.map((one) => ({ one, cells: [] })),
  ];
}

/** Return whether a case without cells passes the filters of the list: it is one to review. */
export function isFailedListed(one) {
  const words = byId("filter-text").value.trim().toLowerCase();
  const asides = one.cells.set_aside.flatMap(({ cell, reason }) => [cell, reason]);
  const text = [one.case, caseFormulaText(one), ...asides].join("\n").toLowerCase();
  return text.includes(words) && byId("filter-kind").value !== "corrected";
}

export function isListed(cell) {
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

/** Show a cell as soon as it is loaded, with an image of it selected, or the first one. */
export async function showCell(cell, image = null) {
  view.cell = cell;
  view.one = null;
  view.image = image ?? cell.chromosomes?.[0]?.name ?? null;
  view.typed = "";
  byId("missing-part").hidden = true;
  redraw();
  say(`Cell ${cell.cell}. Draft: ${draftText(cell)}.`);
  if (!isLoaded(cell)) await completeCell(cell, image);
  const next = cellBeside(1);
  // The next cell is there when it is asked for. Without it, its own page says what is missing.
  if (next !== undefined && view.cell === cell) loadCell(next).catch(() => {});
}

async function completeCell(cell, image) {
  try {
    await loadCell(cell);
  } catch (error) {
    if (view.cell === cell) tellMissing(error);
    return;
  }
  if (view.cell !== cell || view.one !== null) return;
  view.image = image ?? cell.chromosomes[0]?.name ?? null;
  redraw();
}

export function showCase(one) {
  view.one = one;
  // From here, the next cell is the first one of the case. One without cells keeps the last cell.
  view.cell = cellsOf(one)[0] ?? view.cell;
  view.image = view.cell.chromosomes?.[0]?.name ?? null;
  view.typed = "";
  redraw();
  say(`Case ${one.case}. Draft: ${caseFormulaText(caseNow(one))}.`);
}

/** Return the listed cell before (-1) or after (1) the shown one, which itself may be hidden. */
export function cellBeside(direction) {
  const isFailed = view.one !== null && cellsOf(view.one).length === 0;
  const place = isFailed ? ordered.length : ordered.indexOf(view.cell);
  const rest =
    direction < 0 ? ordered.slice(0, place).reverse() : ordered.slice(place + (view.one ? 0 : 1));
  return rest.find(isListed);
}

export function showCellBeside(direction) {
  const next = cellBeside(direction);
  if (next !== undefined) showCell(next);
}

/** Show the page of the case before (-1) or after (1) that of the shown cell. */
export function showCaseBeside(direction) {
  const cases = sections.filter((section) => section.one !== null).map((section) => section.one);
  const place = cases.indexOf(view.one ?? caseOf(view.cell));
  const next = place < 0 ? cases.at(direction < 0 ? -1 : 0) : cases[place + direction];
  if (next !== undefined) showCase(next);
}

/** Show the page of the case of the shown cell, or from there its first cell. */
export function switchPage() {
  if (view.one !== null) showCell(view.cell);
  else if (caseOf(view.cell) !== undefined) showCase(caseOf(view.cell));
}

/** Select the next chromosome to review: in this cell, then in the later ones of its case. */
export async function showNextToReview() {
  const section = sections.find(({ one, cells }) =>
    (view.one === null ? cells.includes(view.cell) : one === view.one));
  const place = section.cells.indexOf(view.cell);
  const left = view.one === null ? leftToReview(view.cell) : [];
  // Those to review are known, and in the same order, before the images are loaded.
  const images = view.cell.chromosomes?.map((one) => one.name) ?? view.cell.to_review;
  const later = left.filter((name) => images.indexOf(name) > images.indexOf(view.image));
  const own = later[0] ?? left.find((name) => name !== view.image);
  const rest = section.cells.slice(place + (view.one === null ? 1 : 0));
  const next = rest.find((cell) => leftToReview(cell).length > 0);
  const [cell, image] = later.length > 0 || next === undefined
    ? [view.cell, own]
    : [next, leftToReview(next)[0]];
  if (image === undefined) {
    say("No other chromosome is left to review in this cell and the later ones of its case.");
    return;
  }
  await showCell(cell, image);
  byId("karyogram").querySelector(".chromosome.selected")?.focus();
}
