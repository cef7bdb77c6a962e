// What is left to do in a case. Same rules and words as karyotyping/case/case_review.py.

import { cellsNeeded, changesBetween, compareLists, ninth } from "./caselines.mjs";
import { plural, sum } from "./text.mjs";

const CONFIDENCES = [0.95, 0.99];
export const UNCERTAIN_MARGIN_NATS = 3;
const WRONG_CLASS =
  "a loss and a gain in one cell: most likely one misclassified chromosome; compare the two";
const ENOUGH_CELLS =
  "All cell lines have enough cells; further cells would only make their proportions more precise.";
// From here on a probability is shown as less than 0.1 %, and no alternative is listed.
export const LEAST_POSTERIOR = 1e-3;
const A_CLONE = " with it would make a clone";
const TINY = 1e-9;
// From here on a change is more probably that of a cell line than anything else.
const PROBABLE = 0.5;

const cellsToExclude = (share, confidence) =>
  Math.ceil(Math.log(1 - confidence) / Math.log(1 - share) - TINY);

const excludedPercent = (cells, confidence) =>
  Math.ceil(100 * (1 - (1 - confidence) ** (1 / cells)) - TINY);

const tally = (names) => {
  const found = new Map();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
};

/** Write a probability without decimals; what is not certain is never shown as 0 or 100 %. */
function wholePercent(share) {
  if (share > 0.995 && share < 1) return ">99 %";
  return share > 0 && share < 0.005 ? "<1 %" : `${(100 * share).toFixed(0)} %`;
}

/** Return what a change is, by the probability that the cell is of a line with it. */
function explanation(change, others, number, ofLine, settings) {
  const needed = cellsNeeded(change, settings);
  const missing = plural(needed - number, "more cell");
  const seen = `in ${plural(number, "cell")}`;
  if (ninth(ofLine) >= PROBABLE) {
    const kind = change.startsWith("+") ? "gain" : "loss";
    return `${seen}: too few for a clone (${needed} for a ${kind}), but with a probability of ` +
      `${wholePercent(ofLine)} from a cell line with it; ${missing}` + A_CLONE;
  }
  if (new Set(others.map((one) => one[0])).size === 2) return WRONG_CLASS;
  if (change.startsWith("-")) {
    const why = "most likely lost in preparation";
    return number === 1 ? why : `${seen}: ${why}; ${missing}` + A_CLONE;
  }
  return `${seen}: most likely from a neighbouring cell, or misclassified; ${missing}` +
    A_CLONE;
}

/** Return the changes that are in too few cells to be a clone, and what they mostly are. */
export function explainSingles(cells, shownCounts, lines, likely, settings) {
  const changes = lines.map((line, place) => changesBetween(line, shownCounts[place]));
  const number = tally(changes.flat());
  return cells.flatMap(({ cell }, place) =>
    changes[place]
      .filter((change) => number.get(change) < cellsNeeded(change, settings))
      .map((change) => {
        const total = sum(likely[place]
          .filter(({ counts }) => changesBetween(lines[place], counts).includes(change))
          .map(({ share }) => share));
        // A sum may be 1 by rounding, here or in Python.
        const ofLine = Math.min(total, 1 - TINY);
        const text = explanation(change, changes[place], number.get(change), ofLine, settings);
        return { cell, change, text };
      }),
  );
}

/** Return what is to be known of a formula before all else: sentences. */
export function cautionsOf(cells, posterior, settings) {
  const found = [];
  if (posterior < LEAST_POSTERIOR) {
    found.push(`The probability of this formula is below ${100 * LEAST_POSTERIOR} %: cell ` +
      "lines that are more probable have too few cells for a clone.");
  }
  const isNeoplastic = settings.order === "neoplastic";
  for (const [number, least, isLine] of [
    [/^fewer than \d+ chromosomes/, settings.cells_of_loss, isNeoplastic],
    [/^more than \d+ chromosomes/, settings.cells_of_gain, true],
  ]) {
    const reasons = cells.map((one) => one.aside.match(number)).filter((one) => one !== null);
    if (isLine && reasons.length >= least) {
      found.push(`Left out: ${plural(reasons.length, "cell")} of ${reasons[0][0]}, which may be ` +
        "a cell line that the formula lacks.");
    }
  }
  return found;
}

/** Return which changes more cells would settle; empty if there is none. */
function openChanges(singles, unexplained, enough, settings) {
  const number = tally(singles.filter((one) => one.text !== WRONG_CLASS).map((one) => one.change));
  const near = [...number.keys()].filter(
    (change) => cellsNeeded(change, settings) - number.get(change) === 1,
  );
  const rest = `${enough} more cells without it would exclude a line of ${shareText(settings)} ` +
    "or more with 95 % confidence.";
  if (unexplained.length > 0) {
    return `${unexplained.join(" and ")}: enough cells for a clone, but more likely lost in ` +
      `preparation or misclassified; ${rest}`;
  }
  if (near.length === 0) return "";
  return `${near.join(" and ")}: one cell too few for a clone. 1 more cell with it ` +
    "would make one" + `; ${rest}`;
}

/** Return what cells of one line exclude, of which a clone needs so many more. */
function excludedText(cells, least, enough, settings) {
  const [often, nearlyAlways] = CONFIDENCES.map((one) => excludedPercent(cells, one));
  const verb = cells === 1 ? "excludes" : "exclude";
  let text = `${plural(cells, "cell")} of one line ${verb} a second line of ${often} % or more ` +
    `with 95 % confidence, of ${nearlyAlways} % or more with 99 %`;
  if (least > 0) text += `; a clone needs ${plural(least, "more cell")}`;
  if (enough > cells) {
    text += `; ${plural(enough - cells, "more cell")} would exclude ${shareText(settings)}`;
  }
  return `${text}.`;
}

const shareText = (settings) => `${Number((100 * settings.excluded_share).toPrecision(6))} %`;

/** Return how many further cells would settle a case, and the reason. */
export function furtherCells({ agreeing, missing, singles, unexplained, cautions }, settings) {
  const cells = sum(agreeing);
  const enough = cellsToExclude(settings.excluded_share, CONFIDENCES[0]);
  const joined = (text) => [...cautions, text].filter((one) => one !== "").join(" ");
  const open = openChanges(singles, unexplained, enough, settings);
  if (open !== "") return { count: enough, text: joined(open) };
  const lacking = missing.filter((one) => one > 0);
  const least = lacking.length > 0 ? Math.min(...lacking) : 0;
  const count = Math.max(enough - cells, least, 0);
  // Beside a caution no second line is said to be excluded, nor that all have enough cells.
  const isDoubtful = cautions.length > 0;
  if (agreeing.length > 1) {
    const which = lacking.length === missing.length ? "No cell line has" : "Not all cell lines have";
    const few = `${which} enough cells for a clone; the closest one needs ` +
      `${plural(least, "more cell")}.`;
    if (least > 0) return { count, text: joined(few) };
    return { count: 0, text: joined(isDoubtful ? "" : ENOUGH_CELLS) };
  }
  const more = least > 0 ? `A clone needs ${plural(least, "more cell")}.` : "";
  return { count, text: joined(isDoubtful ? more : excludedText(cells, least, enough, settings)) };
}

/** Return the cells whose review would change the conclusion most, with the reason. */
export function reviewOrder(cells, { decisive, own, countedWith, drops }) {
  const found = cells.flatMap((one, place) => {
    if (one.aside !== "") {
      return [{ key: [3, 0], cell: one.cell, reason: `set aside: ${one.aside}` }];
    }
    const reasons = [];
    let key = [3, 0];
    if (one.margin !== null && one.margin < UNCERTAIN_MARGIN_NATS) {
      key = [2, one.margin];
      reasons.push("another assignment of the cell cannot be ruled out");
    }
    if (drops[place] > UNCERTAIN_MARGIN_NATS) {
      key = [1, -ninth(drops[place])];
      reasons.push(`fits ${own[place]} best, counted with ${countedWith[place]}`);
    }
    if (decisive[place] !== "") {
      key = [0, -ninth(drops[place])];
      reasons.push(`without this cell: ${decisive[place]}`);
    }
    if (reasons.length === 0) return [];
    return [{ key, cell: one.cell, reason: reasons.reverse().join("; ") }];
  });
  return found
    .sort((one, other) => compareLists(one.key, other.key))
    .map(({ cell, reason }) => ({ cell, reason }));
}
