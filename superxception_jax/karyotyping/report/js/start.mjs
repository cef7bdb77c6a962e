// The start of the page, the last of its modules: draws everything and listens.

import { concludeCase } from "./case.mjs";
import { report } from "./data.mjs";
import { renderDetails, renderTrail } from "./details.mjs";
import { byId } from "./dom.mjs";
import {
  correctedReport, downloadAudit, downloadCsv, downloadJson, downloadLabels,
} from "./export.mjs";
import { draftFormula, draftIscn } from "./formula.mjs";
import { renderFrame } from "./frame.mjs";
import { renderHead } from "./head.mjs";
import { renderKaryogram } from "./karyogram.mjs";
import { onKey } from "./keyboard.mjs";
import { renderList } from "./list.mjs";
import { setScale } from "./scale.mjs";
import { readStorage, saved, STORAGE_KEY, storageWorks, writeStorage } from "./state.mjs";
import { hideTip } from "./tip.mjs";
import { onRedraw, redraw, view } from "./view.mjs";

function renderAll() {
  hideTip();
  byId("no-labels").hidden = true;
  renderList();
  renderHead();
  renderKaryogram();
  renderDetails();
  renderTrail();
}

function refilter() {
  renderList();
  renderHead();
}

function listen() {
  document.addEventListener("keydown", onKey);
  byId("filter-text").addEventListener("input", refilter);
  byId("filter-kind").addEventListener("change", refilter);
  byId("reviewer").addEventListener("input", (event) => {
    saved.reviewer = event.target.value.trim();
    writeStorage();
  });
  byId("export-json").addEventListener("click", downloadJson);
  byId("export-csv").addEventListener("click", downloadCsv);
  byId("export-audit").addEventListener("click", downloadAudit);
  byId("export-labels").addEventListener("click", downloadLabels);
  byId("print").addEventListener("click", () => window.print());
  window.addEventListener("resize", setScale);
  // Take over the changes made to the same report in another tab.
  window.addEventListener("storage", (event) => {
    if (event.key !== STORAGE_KEY) return;
    readStorage();
    renderFrame();
    redraw();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!storageWorks && saved.audit.length > 0) event.preventDefault();
  });
}

readStorage();
renderFrame();
view.image = view.cell.chromosomes[0]?.name ?? null;
onRedraw(renderAll);
redraw();
listen();
// Read-only, for tests and for the console.
globalThis.karyotypeReport = Object.freeze({
  draftIscn: (counts) => draftIscn(counts, report.classes),
  draftFormula: (counts, withheld) => draftFormula(counts, report, withheld),
  correctedReport,
  concludeCase,
});
