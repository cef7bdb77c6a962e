// What is concluded about a case, as tables and lists.

import { cellNamed, cellsOf, report } from "./data.mjs";
import { make } from "./dom.mjs";
import { ownName } from "./labels.mjs";
import { showCell } from "./navigate.mjs";
import { states } from "./state.mjs";
import { percent, plural } from "./text.mjs";

// More links of a row are shown on demand.
const MOST_LINKS = 10;

export function section(title, className, ...children) {
  return make("section", { className: `panel ${className}` }, make("h3", {}, title), ...children);
}

/** Return a button that shows a cell; a cell that is not in this report is only named. */
function cellLink(name) {
  const cell = cellNamed(name);
  if (cell === undefined) return make("span", {}, name);
  const button = make(
    "button",
    { type: "button", className: "link", onclick: () => showCell(cell) },
    ownName(cell),
  );
  button.dataset.link = name;
  return button;
}

/** Return links to cells, separated by commas; many are folded. */
function cellLinks(names) {
  const links = (some) => some.flatMap((name, place) => [place > 0 ? ", " : "", cellLink(name)]);
  if (names.length <= MOST_LINKS) return links(names);
  const details = make("details", { className: "more" }, make("summary", {}, "show the cells"));
  // Made when they are wanted, opened or printed: a line may have a thousand cells.
  details.fill = () => {
    if (details.childElementCount === 1) details.append(...links(names));
  };
  details.addEventListener("toggle", details.fill);
  return [details];
}

/** Return a formula that breaks after a comma, and nowhere else. */
const formula = (text) => make("span", { className: "iscn" },
  ...text.match(/[^,]*,?/g).filter(Boolean).flatMap((part) => [part, make("wbr")]));

function table(className, heads, rows) {
  return make(
    "table",
    { className: `facts ${className}` },
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...rows.map(([first, ...others]) =>
      make("tr", {}, make("th", { scope: "row" }, first),
        ...others.map((cell) => make("td", {}, ...[cell].flat()))))),
  );
}

export function alternatives(now) {
  const sexes = Object.entries(now.sex).sort((a, b) => b[1] - a[1]);
  return section(
    "Alternatives",
    "alternatives",
    now.alternatives.length > 0
      ? table("", ["Formula", "Probability"],
        now.alternatives.map((one) => [formula(one.formula), percent(one.posterior)]))
      : make("p", { className: "quiet" },
        now.formula === "" ? "" : "No other formula has a probability of 0.1 % or more."),
    make("p", { className: "quiet" },
      `Sex chromosomes: ${sexes.map(([name, share]) => `${name || "none"} ${percent(share)}`).join(", ")}`),
  );
}

/** Return how many cells have how many copies of each class; unusual copies are marked. */
export function copyTable(now) {
  const copies = [...new Set(report.classes.flatMap((name) => Object.keys(now.class_counts[name] ?? {})))]
    .map(Number).sort((a, b) => a - b);
  const usual = (name) => usualCopies(now, name);
  const rows = copies.map((count) => [
    plural(count, "copy", "copies"),
    ...report.classes.map((name) => {
      const cells = now.class_counts[name]?.[String(count)] ?? 0;
      if (cells === 0) return make("span", { className: "quiet" }, "·");
      return usual(name).includes(count)
        ? String(cells)
        : make("strong", { className: "unusual-count" }, `${cells} !`);
    }),
  ]);
  const area = make("div", { className: "wide-table", tabIndex: 0, role: "region" },
    table("counts", ["Cells with", ...report.classes], rows));
  area.setAttribute("aria-label", "Copies of each class");
  return section("Copies of each class", "copies", area,
    make("p", { className: "quiet" }, "Number of cells; ! marks counts other than two of each " +
      "autosome and the most probable sex chromosomes."));
}

/** Return the usual numbers of a class: of a sex chromosome, one for each line of a mosaic. */
function usualCopies(now, name) {
  if (name !== "X" && name !== "Y") return [2];
  const [sexes] = Object.entries(now.sex).sort((a, b) => b[1] - a[1])[0] ?? [""];
  return sexes.split("/").map((sex) => sex.split(name).length - 1);
}

export function lines(now) {
  return section(
    "Cell lines",
    "lines",
    table("", ["Formula", "Count", "Cells"],
      now.lines.map((one) => [formula(one.iscn), String(one.cells.length), cellLinks(one.cells)])),
  );
}

export function clones(now) {
  return section(
    "Changes in several cells",
    "clones",
    now.clones.length > 0
      ? table("", ["Change", "Count", "Cells"],
        now.clones.map((one) => [one.change, String(one.cells.length), cellLinks(one.cells)]))
      : make("p", { className: "quiet" }, "No change is clonal."),
    now.single_changes.length > 0
      ? make("details", {},
        make("summary", {}, `${plural(now.single_changes.length, "change")} in too few cells for a clone`),
        make("ul", {}, ...now.single_changes.map((one) =>
          make("li", {}, cellLink(one.cell), `: ${one.change}, ${one.text}`))))
      : null,
  );
}

/** List the cells to review first; those that a person has reviewed are done. */
export function reviewFirst(now) {
  // A cell that could not be karyotyped has no state.
  const isOpen = (name) => states.get(name)?.reviewed !== true;
  const items = now.review_first.filter((one) => isOpen(one.cell)).map((one) =>
    make("li", {}, cellLink(one.cell), `: ${one.reason}`));
  const none = cellsOf(now).some((one) => isOpen(one.cell))
    ? "No cell needs review before the others."
    : "All cells are reviewed.";
  return section("Review first", "review-first",
    items.length > 0
      ? make("ol", {}, ...items)
      : make("p", { className: "quiet" }, none));
}

export function setAside(now) {
  const items = now.cells.set_aside.map((one) =>
    make("li", {}, cellLink(one.cell), `: ${one.reason}`));
  return section("Cells set aside", "set-aside-cells",
    items.length > 0
      ? make("ul", {}, ...items)
      : make("p", { className: "quiet" }, "No cell is set aside."));
}
