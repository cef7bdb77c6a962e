// The draft ISCN formula of counts. Same rules as karyotyping/iscn.py; a test compares the two.

const USUAL_COPIES = 2;
const NO_SEX_CHROMOSOME = "?";
const isSex = (name) => name === "X" || name === "Y";

/** Count the chromosomes of all classes; those set aside have none. */
export function totalOf(counts, classes) {
  return classes.reduce((total, name) => total + (counts[name] ?? 0), 0);
}

/** Return the number of chromosome sets nearest to a chromosome number, at least 1. */
function ploidy(total, haploid) {
  return Math.max(1, Math.floor((total + Math.floor(haploid / 2)) / haploid));
}

/** Draft the ISCN formula: number of chromosomes, sex chromosomes, gained and lost autosomes. */
export function draftIscn(counts, classes) {
  const autosomes = classes.filter((name) => !isSex(name));
  const total = totalOf(counts, classes);
  const sets = ploidy(total, autosomes.length + 1);
  const changes = autosomes.flatMap((name) => {
    const gained = (counts[name] ?? 0) - sets;
    return Array(Math.abs(gained)).fill(`${gained > 0 ? "+" : "-"}${name}`);
  });
  const sexes = classes.filter(isSex).map((name) => name.repeat(counts[name] ?? 0)).join("");
  return [total, sexes || NO_SEX_CHROMOSOME, ...changes].join(",");
}

/** Return why a cell with so many chromosomes has no formula; empty if it may have one. */
export function numberProblem(total, { least, most }) {
  if (least <= total && total <= most) return "";
  return `${total < least ? `fewer than ${least}` : `more than ${most}`} chromosomes (${total})`;
}

/** Draft the formula of a complete cell; an incomplete one has none, "", nor has one withheld. */
export function draftFormula(counts, { classes, complete_cell: range }, withheld) {
  const problem = withheld || numberProblem(totalOf(counts, classes), range);
  return problem === "" ? draftIscn(counts, classes) : "";
}

export function isUsual(name, counts) {
  if (!isSex(name)) return counts[name] === USUAL_COPIES;
  return (counts.X === 2 && counts.Y === 0) || (counts.X === 1 && counts.Y === 1);
}
