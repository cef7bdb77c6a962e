// What all cells share: the legend, the facts and the name of the reviewer.

import { report } from "./data.mjs";
import { byId, make } from "./dom.mjs";
import { showFilm } from "./film.mjs";
import { haveFiles } from "./labels.mjs";
import { saved } from "./state.mjs";

const NO_FILES =
  "There are no labels to export: these images were not read from files in a folder";

export function renderFrame() {
  if (!haveFiles(report.cells)) {
    byId("export-labels").disabled = true;
    byId("export-labels").title = NO_FILES;
  }
  const legend = [
    ["sure", `at least ${100 * report.sure_confidence} %`],
    ["fair", `${100 * report.doubtful_confidence}–${100 * report.sure_confidence} %`],
    ["doubtful", `below ${100 * report.doubtful_confidence} %`],
    ["by-hand", "moved manually"],
  ];
  const marks = [
    ["flagged", "!", "flagged"],
    ["turned", "↻", "rotated manually"],
    ["checked", "✓", "checked"],
  ];
  byId("legend").replaceChildren(
    make("span", {}, "Confidence"),
    ...legend.map(([kind, text]) =>
      make("span", {}, make("span", { className: `swatch ${kind}` }), text),
    ),
    ...marks.map(([kind, sign, text]) =>
      make("span", {}, make("span", { className: `mark ${kind}` }, sign), text),
    ),
    make("span", { id: "film-note" }, ""),
  );
  const facts = Object.entries(report.facts).map(
    ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  facts.push(`data digest ${report.digest.slice(0, 12)}`);
  byId("facts").textContent = facts.join(" · ");
  byId("reviewer").value = saved.reviewer;
  showFilm();
}
