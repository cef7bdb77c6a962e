// What the cells of a case say together. Same rules as karyotyping/case; a test compares the two.

import { caseFormula, lineFormula } from "./caseformula.mjs";
import {
  candidatesOf, CASE_CLASSES, cellsOfLine, changesOf, clonalChanges, countEvidence, isNormal,
  lineReference, ninth, referenceOf, sameCounts, sexOf,
} from "./caselines.mjs";
import {
  cautionsOf, explainSingles, furtherCells, LEAST_POSTERIOR, reviewOrder, UNCERTAIN_MARGIN_NATS,
} from "./casereview.mjs";
import { makeHypotheses, mostFirst, placeOfMost, weighHypotheses } from "./caseweigh.mjs";

const NO_CELL = "no cell could be analysed";
const UNKNOWN_SEX = "no cell shows the constitutional sex chromosomes";
const TOO_FEW_CELLS = "no cell line has enough cells for a clone";
const NO_FORMULA = "no formula";
const MOST_ALTERNATIVES = 5;
const LEAST_SEX = 1e-4;

/** Add the counts that only corrected cells have, and the evidence of certain counts. */
function completeEvidence(cells, candidates, evidence, settings) {
  const added = candidatesOf(cells, settings).filter(
    ({ counts }) => !candidates.some((one) => sameCounts(one.counts, counts)),
  );
  const all = [...candidates, ...added];
  const rows = cells.map((cell) => {
    const byCounts = ({ counts }) => countEvidence(cell.counts, counts, settings);
    if (cell.certain || candidates.length === 0) return all.map(byCounts);
    const stored = evidence[cell.cell];
    const best = placeOfMost(stored);
    const base = stored[best] - byCounts(all[best]);
    return [...stored, ...added.map((one) => base + byCounts(one))];
  });
  return { all, rows };
}

/** Return how many cells of its own each line of a hypothesis must have to be a clone. */
function leastSizes({ lines, parents }, all, reference, settings) {
  const changes = lines.map((line) => changesOf(all[line].counts, reference));
  const zygotes = lines.map((line) => sexOf(lineReference(all[line].counts, reference)));
  // A single cell of the other sex is rather one of another patient than a chimera.
  const isChimera = settings.order === "constitutional" && new Set(zygotes).size > 1;
  return changes.map((own, at) => {
    if (isNormal(all[lines[at]].counts)) return isChimera ? settings.cells_of_gain : 1;
    // What a line has of its own decides, or all that it has if its parent has more, or came from
    // another zygote.
    const inherited = zygotes[at] === zygotes[parents[at]] ? changes[parents[at]] : [];
    const fresh = own.filter((change) => !inherited.includes(change));
    return cellsOfLine(fresh.length > 0 ? fresh : own, settings);
  });
}

/** Return the questions that are asked of the cells, given the place of the line of each. */
function readCells(cells, all, rows, settings) {
  const most = rows.map((row) => Math.max(...row));
  const drops = (used) => used.map((line, cell) => most[cell] - rows[cell][line]);
  // A cell that fits its line nearly as well as any other counts shows that line.
  const shown = (used) => drops(used).map((drop, cell) => {
    const { counts, certain } = cells[cell];
    return certain || drop > UNCERTAIN_MARGIN_NATS ? counts : all[used[cell]].counts;
  });
  // What cells were called by themselves, and show no more, may have another sex.
  const sexed = (used) => [...used.map((line) => all[line].counts), ...shown(used)];
  return {
    drops,
    shown,
    reference: (used) => referenceOf(sexed(used), settings.sex),
    showsSex: (used, leftOut) => shown(used).some((counts, cell) =>
      cell !== leftOut && (counts.at(-2) > 1 || counts.at(-1) > 0)),
  };
}

/** Return the weighed hypotheses, with the questions that are asked of them. */
function weighedCase(cells, all, rows, settings) {
  const hypotheses = makeHypotheses(all, rows, settings);
  const weighed = weighHypotheses(rows, hypotheses);
  const read = readCells(cells, all, rows, settings);
  const usedIn = (place) => weighed.lineOf[place].map((line) => hypotheses[place].lines[line]);
  const reference = (place) => read.reference(usedIn(place));
  const sizes = (place, leftOut) => {
    const found = hypotheses[place].lines.map(() => 0);
    weighed.lineOf[place].forEach((line, cell) => {
      if (cell !== leftOut) found[line] += 1;
    });
    return found;
  };
  const missing = (place, leftOut) => {
    const least = leastSizes(hypotheses[place], all, reference(place), settings);
    return sizes(place, leftOut).map((size, at) => Math.max(0, least[at] - size));
  };
  const isConstitutional = settings.order === "constitutional";
  const isPossible = (place, leftOut) =>
    (isConstitutional && hypotheses[place].lines.length === 1) ||
    missing(place, leftOut).every((cells) => cells === 0);
  // The patient's own karyotype needs no clone. But where most cells show something else, a normal
  // formula would count them as what they are not. In constitutional cases that is a gain.
  const lacksCells = (place, leftOut) => {
    const isKept = (_, cell) => cell !== leftOut;
    const lines = usedIn(place).filter(isKept).map((line) => all[line].counts);
    if (isConstitutional) {
      const [first] = lines;
      const isGained = (counts) => counts.some((count, at) => count > first[at]);
      const gains = read.shown(usedIn(place)).filter(isKept).filter(isGained).length;
      return isNormal(first) && hypotheses[place].lines.length === 1 && 2 * gains > lines.length;
    }
    const isFew = 2 * lines.filter(isNormal).length < lines.length;
    return isFew && clonalChanges(lines, reference(place), settings).size === 0;
  };
  // Sex chromosomes may have been lost from an unknown normal complement.
  const lacksSex = (place, leftOut) =>
    !isConstitutional && settings.sex === "" && !read.showsSex(usedIn(place), leftOut);
  const formulaOf = (place, leftOut) => {
    const found = sizes(place, leftOut);
    const parts = hypotheses[place].lines.map((line, at) => (
      { counts: all[line].counts, size: found[at] }
    ));
    return caseFormula(parts, reference(place), settings);
  };
  // Where the most probable hypothesis shows no clone at all, it is that one.
  const bestOf = (leftOut) => {
    const { logPosterior, logWithout } = weighed;
    const order = mostFirst(leftOut === undefined ? logPosterior : logWithout[leftOut]);
    if (lacksCells(order[0], leftOut)) return order[0];
    return order.find((place) => isPossible(place, leftOut));
  };
  return {
    ...weighed, ...read, hypotheses, usedIn, sizes, missing, lacksCells, lacksSex, formulaOf, bestOf,
  };
}

/** Return for each cell the lines that it may come from: {counts, share}. */
function likelyLines({ hypotheses, posterior, lineOf }, all, rows) {
  return rows.map((_, cell) => {
    const shares = all.map(() => 0);
    hypotheses.forEach(({ lines }, place) => {
      shares[lines[lineOf[place][cell]]] += posterior[place];
    });
    return all.map(({ counts }, place) => ({ counts, share: shares[place] }))
      .filter(({ share }) => share > 0);
  });
}

function alternativesTo(best, { logPosterior, posterior, formulaOf }) {
  return mostFirst(logPosterior)
    .filter((place) => place !== best)
    .slice(0, MOST_ALTERNATIVES)
    .filter((place) => posterior[place] >= LEAST_POSTERIOR)
    .map((place) => ({ formula: formulaOf(place), posterior: posterior[place] }));
}

function distinctLines(cells, iscn) {
  const found = new Map();
  for (const { cell, counts } of cells) {
    found.set(counts.join(), { counts, names: [...(found.get(counts.join())?.names ?? []), cell] });
  }
  return [...found.values()]
    .sort((one, other) => other.names.length - one.names.length)
    .map(({ counts, names }) => ({ iscn: iscn(counts), cells: names }));
}

function cellsByCount(cells) {
  return Object.fromEntries(
    CASE_CLASSES.map((name, place) => {
      const found = {};
      for (const { counts } of cells) found[counts[place]] = (found[counts[place]] ?? 0) + 1;
      return [name, found];
    }),
  );
}

/** Return the clonal changes, of several copies the largest number that the cells share. */
function clonesOf(cells, shownCounts, reference, settings) {
  const found = clonalChanges(shownCounts, reference, settings);
  return [...found]
    .filter(([change, places]) => {
      const twice = found.get(`${change},${change.split(",")[0]}`);
      return twice?.join() !== places.join();
    })
    .map(([change, places]) => ({ change, cells: places.map((place) => cells[place].cell) }));
}

function sexShares({ hypotheses, posterior }, all) {
  const found = {};
  hypotheses.forEach(({ lines }, place) => {
    const name = [...new Set(lines.map((line) => sexOf(all[line].counts)))].sort().join("/");
    found[name] = (found[name] ?? 0) + posterior[place];
  });
  return Object.fromEntries(
    Object.entries(found)
      .filter(([, share]) => share >= LEAST_SEX)
      .sort(([one, first], [other, second]) =>
        ninth(second) - ninth(first) || (one < other ? -1 : 1)),
  );
}

/** Return the formula without each cell where that has other lines, otherwise "". */
function decisiveFormulas(cells, best, weighed) {
  const { hypotheses, lacksCells, lacksSex, formulaOf, bestOf } = weighed;
  const lacksFormula = (place, cell) => lacksCells(place, cell) || lacksSex(place, cell);
  const keyOf = (place) => [...hypotheses[place].lines].sort((one, other) => one - other).join();
  return cells.map((_, cell) => {
    if (cells.length === 1) return "";
    const other = bestOf(cell);
    if (lacksFormula(other, cell)) return lacksFormula(best) ? "" : NO_FORMULA;
    return keyOf(other) === keyOf(best) && !lacksFormula(best) ? "" : formulaOf(other, cell);
  });
}

/** Return the formula of counts with the sex chromosomes that are found. */
const plainFormula = (counts) => lineFormula(counts, counts, { order: "constitutional" });

const namedCandidate = (one) => ({ ...one, iscn: plainFormula(one.counts) });

function emptyCase(cells, settings, candidates) {
  return {
    formula: "", withheld: NO_CELL, order: settings.order, posterior: 0, alternatives: [],
    cells: cellNumbers(cells), lines: [], class_counts: {}, clones: [], single_changes: [], sex: {},
    more_cells: {
      count: Math.max(settings.cells_of_gain, settings.cells_of_loss),
      text: `No cell counts yet: ${NO_CELL}.`,
    },
    review_first: reviewOrder(cells, { decisive: [], own: [], countedWith: [], drops: [] }),
    candidates: candidates.map(namedCandidate), evidence: {},
  };
}

function cellNumbers(cells) {
  const aside = cells.filter((one) => one.aside !== "");
  return {
    counted: cells.length,
    analysed: cells.length - aside.length,
    set_aside: aside.map(({ cell, aside: reason }) => ({ cell, reason })),
  };
}

/**
 * Return what the cells of a case say together, in the form of case.json.
 *
 * @param cells {cell, counts: 24 numbers, aside: why it doesn't count or "", margin: nats or null,
 *   certain: whether its counts are certain, such as those of a corrected cell}.
 * @param settings The settings of case.json.
 * @param candidates {counts, log_prior} of each candidate of case.json.
 * @param evidence By the name of a cell, its log evidence for each candidate; cells that are
 *   certain need none.
 */
export function concludeCase(cells, settings, candidates, evidence) {
  const analysed = cells.filter((one) => one.aside === "");
  if (analysed.length === 0) return emptyCase(cells, settings, candidates);
  const { all, rows } = completeEvidence(analysed, candidates, evidence, settings);
  const weighed = weighedCase(analysed, all, rows, settings);
  const { hypotheses, posterior, formulaOf, bestOf } = weighed;
  const best = bestOf();
  const used = weighed.usedIn(best);
  const reference = weighed.reference(used);
  const isKnown = !weighed.lacksSex(best);
  const iscn = (counts) =>
    (isKnown ? lineFormula(counts, reference, settings) : plainFormula(counts));
  const lineCounts = used.map((line) => all[line].counts);
  const shownCounts = weighed.shown(used);
  const likely = likelyLines(weighed, all, rows);
  // Where the sex is unknown, so are the changes of the sex chromosomes.
  const isSaid = ({ change }) => isKnown || !/[XY]$/.test(change);
  const singles = explainSingles(analysed, shownCounts, lineCounts, likely, settings)
    .filter(isSaid);
  const cloneList = clonesOf(analysed, shownCounts, reference, settings).filter(isSaid);
  const carried = hypotheses[best].lines.flatMap((line) => changesOf(all[line].counts, reference));
  const unexplained = cloneList.map((one) => one.change).filter((one) => !carried.includes(one));
  const asides = cells.filter((one) => one.aside !== "");
  const tooFew = weighed.lacksCells(best) ? TOO_FEW_CELLS : "";
  const withheld = isKnown ? tooFew : UNKNOWN_SEX;
  const cautions = cautionsOf(cells, withheld === "" ? posterior[best] : 1, settings);
  const [agreeing, missing] = [weighed.sizes(best), weighed.missing(best)];
  return {
    formula: withheld === "" ? formulaOf(best) : "",
    withheld,
    order: settings.order,
    posterior: posterior[best],
    alternatives: isKnown ? alternativesTo(withheld === "" ? best : null, weighed) : [],
    cells: cellNumbers(cells),
    lines: distinctLines(analysed, iscn),
    class_counts: cellsByCount(analysed),
    clones: cloneList,
    single_changes: singles,
    sex: sexShares(weighed, all),
    more_cells: furtherCells({ agreeing, missing, singles, unexplained, cautions }, settings),
    review_first: reviewOrder([...analysed, ...asides], {
      decisive: decisiveFormulas(analysed, best, weighed),
      own: rows.map((row) => iscn(all[placeOfMost(row)].counts)),
      countedWith: lineCounts.map(iscn),
      drops: weighed.drops(used),
    }),
    candidates: all.map(namedCandidate),
    evidence: Object.fromEntries(analysed.map(({ cell }, place) => [cell, rows[place]])),
  };
}
