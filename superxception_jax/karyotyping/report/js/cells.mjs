// Counts and formula that follow from the state of a cell.

import { ASIDE, report } from "./data.mjs";
import { draftFormula, numberProblem, totalOf } from "./formula.mjs";
import { chromosomeState, differences, saved, states } from "./state.mjs";

export function countsNow(cell) {
  const counts = { ...cell.counts };
  for (const { field, first, now } of differences(cell)) {
    if (field !== "class") continue;
    if (first !== ASIDE) counts[first] -= 1;
    if (now !== ASIDE) counts[now] += 1;
  }
  return counts;
}

/** Return whether a chromosome was moved to another class, and not back. */
export const isMoved = (cell) => differences(cell).some((one) => one.field === "class");

export function draftOf(cell) {
  return isMoved(cell) ? draftFormula(countsNow(cell), report, cell.withheld) : cell.iscn;
}

/** Return a formula as a person reads it; where there is none, say why. */
function formulaText(formula, total, withheld) {
  if (formula !== "") return formula;
  if (withheld !== "") return `no formula: ${withheld}`;
  return `no formula: ${numberProblem(total, report.complete_cell)}`;
}

export const automaticFormulaText = (cell) =>
  formulaText(cell.iscn, cell.total, cell.withheld);

export const draftText = (cell) =>
  formulaText(draftOf(cell), totalOf(countsNow(cell), report.classes), cell.withheld);

export function flagCount(cell) {
  return (
    cell.chromosome_flags + cell.flags.length + cell.unread.length + cell.set_aside.length
  );
}

/** Return the line before flags that may not be those of the counts any more; none if they are. */
export const flagHeading = (cell, flags) =>
  (flags.length > 0 && isMoved(cell) ? ["Flags of the automatic result:"] : []);

export function correctionCount(cell) {
  const corrected = differences(cell).filter((one) => one.field !== "checked");
  return new Set(corrected.map((one) => one.image)).size;
}

const isChecked = (cell, image) =>
  states.get(cell.cell).images.get(image)?.checked?.now === true;

export const checkedCount = (cell) =>
  [...states.get(cell.cell).images.keys()].filter((image) => isChecked(cell, image)).length;

/** Return the names of the chromosomes to review that a person has not yet checked or corrected. */
export function leftToReview(cell) {
  const done = new Set(differences(cell).map((one) => one.image));
  return cell.to_review.filter((name) => !done.has(name));
}

/** Return who reviewed a cell, and when; of an open cell, the reviewer of this page. */
export function reviewOf(cell) {
  const nameOr = (reviewer) => reviewer || "not given";
  if (!states.get(cell.cell).reviewed) return [nameOr(saved.reviewer), "not reviewed"];
  // Another person may have reviewed it than the one whose name stands on the page now.
  const { reviewer, time } = saved.audit.findLast((entry) =>
    entry.cell === cell.cell && entry.field === "reviewed" && entry.to);
  return [nameOr(reviewer), `reviewed on ${time.slice(0, 10)}`];
}

export const asideCount = (cell) =>
  differences(cell).filter((one) => one.field === "class" && one.now === ASIDE).length;

export function membersOf(cell, name) {
  return cell.chromosomes
    .filter((one) => chromosomeState(cell, one).class === name)
    .sort((a, b) => b.length_px - a.length_px);
}
