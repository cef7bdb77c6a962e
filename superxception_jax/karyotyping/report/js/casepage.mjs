// The page of a case: what its cells say together, and its cells as small karyograms.

import { isMoved } from "./cells.mjs";
import { caseFormulaText, caseNow } from "./consensus.mjs";
import { cellsOf, report } from "./data.mjs";
import { actionButton, byId, make } from "./dom.mjs";
import { showCaseBeside, showCell } from "./navigate.mjs";
import { revision, states } from "./state.mjs";
import {
  alternatives, clones, copyTable, lines, reviewFirst, section, setAside,
} from "./tables.mjs";
import { percent, plural } from "./text.mjs";
import { dropThumbnails, fillThumbnails } from "./thumbs.mjs";
import { view } from "./view.mjs";

const ORDERS = { constitutional: "constitutional karyotype", neoplastic: "neoplastic karyotype" };
let drawn = { one: null, revision: -1 };

/** Show the page of the case, or none; a page that is still true stays as it is. */
export function renderCase() {
  const area = byId("case-page");
  area.hidden = view.one === null;
  if (drawn.one === view.one && drawn.revision === revision) return;
  if (view.one === null) {
    // Drawn anew when it is shown again: a correction in a cell may change all of it.
    return;
  }
  drawn = { one: view.one, revision };
  dropThumbnails(area);
  const now = caseNow(view.one);
  const grid = make("div", { className: "grid" });
  area.replaceChildren(
    caseHead(now),
    make("div", { className: "panels" },
      alternatives(now), lines(now), clones(now), reviewFirst(now), setAside(now), moreCells(now)),
    copyTable(now),
    section("Cells", "thumbnails", grid),
  );
  fillThumbnails(grid, cellsOf(view.one));
}

function caseHead(now) {
  const cells = cellsOf(view.one);
  const reviewed = cells.filter((cell) => states.get(cell.cell).reviewed).length;
  const corrected = cells.filter(isMoved).length;
  const { counted, analysed } = now.cells;
  return make(
    "header",
    { className: "cell-head" },
    make(
      "div",
      { className: "title" },
      make("h2", { tabIndex: -1 }, view.one.case === "" ? "Case without a name" : view.one.case),
      make(
        "p",
        { className: "formula" },
        make("strong", { id: "case-formula", className: now.formula === "" ? "none" : "" },
          caseFormulaText(now)),
        // The probability is that of the formula.
        now.formula === ""
          ? null
          : make("span", { id: "case-posterior" }, `probability ${percent(now.posterior)}`),
        make("span", { className: "draft" }, report.draft_note),
      ),
      corrected > 0 || caseFormulaText(now) !== caseFormulaText(view.one)
        ? make("p", { className: "quiet", id: "case-automatic" },
          `automatic result: ${caseFormulaText(view.one)} · ` + (corrected > 0
            ? `${plural(corrected, "cell")} corrected` : `${plural(reviewed, "cell")} reviewed`))
        : null,
    ),
    make(
      "div",
      { className: "buttons" },
      actionButton("previous-case", "‹ Previous case", "Previous case (Shift+P)",
        () => showCaseBeside(-1)),
      actionButton("next-case", "Next case ›", "Next case (Shift+N)", () => showCaseBeside(1)),
      cells.length === 0 ? null : actionButton("first-cell", "First cell",
        "First cell of this case", () => showCell(cells[0])),
    ),
    make("p", { className: "numbers" },
      `${plural(counted, "cell")} · ${analysed} analysed · ` +
      `${now.cells.set_aside.length} set aside · ${reviewed} of ${cells.length} reviewed · ` +
      `${ORDERS[now.order] ?? now.order}`),
    now.note === "" || now.note === report.draft_note ? null : make("p", { className: "quiet" }, now.note),
  );
}

function moreCells(now) {
  return section("Further cells", "more-cells", make("p", {}, now.more_cells.text));
}
