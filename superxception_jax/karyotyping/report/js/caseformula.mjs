// Draft ISCN formulas of several cell lines. Same rules as karyotyping/case/case_formula.py.

import { CASE_CLASSES, changesBetween, compareLists, isNormal, sexOf } from "./caselines.mjs";
import { draftIscn } from "./formula.mjs";
import { sum } from "./text.mjs";

/** Return the draft formula of one cell line, without the number of cells. */
export function lineFormula(counts, reference, { order }) {
  if (order === "constitutional" || isNormal(counts)) {
    const named = Object.fromEntries(CASE_CLASSES.map((name, place) => [name, counts[place]]));
    return draftIscn(named, CASE_CLASSES);
  }
  const kept = counts.map((count, place) => Math.min(count, reference[place]));
  const changes = changesBetween(reference, counts).map((change) => change.split(",")[0]);
  return [sum(counts), sexOf(kept), ...changes].join(",");
}

const sizeKey = ({ counts, size }) =>
  [isNormal(counts) ? 1 : 0, -size, ...counts.map((count) => -count)];

const bySize = (one, other) => compareLists(sizeKey(one), sizeKey(other));

/** Return related lines together, the larger family first, by the number of changes. */
function byEvolution(lines, reference) {
  let families = [];
  const changesOfLine = new Map(
    lines.map((line) => [line, changesBetween(reference, line.counts)]),
  );
  const areRelated = (one, other) =>
    changesOfLine.get(one).some((change) => changesOfLine.get(other).includes(change));
  const sorted = [...lines].sort(bySize);
  for (const line of sorted.filter((one) => !isNormal(one.counts))) {
    const related = families.filter((family) => family.some((one) => areRelated(line, one)));
    families = families.filter((family) => !related.includes(family));
    families.push([line, ...related.flat()]);
  }
  const least = (family) => [...family.map((one) => one.counts)].sort(compareLists)[0];
  const familyKey = (family) => [-sum(family.map((one) => one.size)), ...least(family)];
  families.sort((one, other) => compareLists(familyKey(one), familyKey(other)));
  const lineKey = (line) => [changesOfLine.get(line).length, ...sizeKey(line)];
  for (const family of families) {
    family.sort((one, other) => compareLists(lineKey(one), lineKey(other)));
  }
  return [...families.flat(), ...sorted.filter((one) => isNormal(one.counts))];
}

/** Return the draft formula of all cell lines, {counts, size} each. */
export function caseFormula(lines, reference, settings) {
  const isConstitutional = settings.order === "constitutional";
  const sorted = isConstitutional ? [...lines].sort(bySize) : byEvolution(lines, reference);
  const formulas = sorted.map(
    ({ counts, size }) => `${lineFormula(counts, reference, settings)}[${size}]`,
  );
  if (lines.length === 1 || !isConstitutional) return formulas.join("/");
  const both = lines.filter((one) => isNormal(one.counts)).length === 2;
  return `${both ? "chi" : "mos"} ${formulas.join("/")}`;
}
