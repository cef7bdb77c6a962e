// The start of the page, the last of its modules: draws everything and listens.

import { concludeCase } from "./case.mjs";
import { renderCase } from "./casepage.mjs";
import { caseNow } from "./consensus.mjs";
import { report } from "./data.mjs";
import { renderDetails } from "./details.mjs";
import { byId } from "./dom.mjs";
import {
  correctedReport, downloadAudit, downloadCsv, downloadJson, downloadLabels,
} from "./export.mjs";
import { draftFormula, draftIscn } from "./formula.mjs";
import { renderFrame } from "./frame.mjs";
import { renderHead, renderReviewer } from "./head.mjs";
import { listenToHelp } from "./help.mjs";
import { renderKaryogram } from "./karyogram.mjs";
import { onKey } from "./keyboard.mjs";
import { renderList } from "./list.mjs";
import { isLoaded } from "./load.mjs";
import { sections, showCase, showCell } from "./navigate.mjs";
import { clearPrinted, printShown, unfold } from "./print.mjs";
import { setScale } from "./scale.mjs";
import { readStorage, saved, storageWorks, writeStorage } from "./state.mjs";
import { isOwnKey } from "./storage.mjs";
import { hideTip } from "./tip.mjs";
import { renderTrail } from "./trail.mjs";
import { onRedraw, redraw, view } from "./view.mjs";

// The case or the cell that was shown last.
let shown = null;

function renderAll() {
  hideTip();
  byId("no-labels").hidden = true;
  const isCase = view.one !== null;
  document.body.dataset.page = isCase ? "case" : "cell";
  for (const id of ["cell-head", "karyogram", "legend", "details"]) byId(id).hidden = isCase;
  renderList();
  renderCase();
  if (!isCase) {
    renderHead();
    renderKaryogram();
    renderDetails();
  }
  renderTrail();
  if (shown !== null && shown !== (view.one ?? view.cell)) focusShown();
  shown = view.one ?? view.cell;
}

/** Put the focus on the heading where the focused element is gone. */
function focusShown() {
  window.scrollTo(0, 0);
  const focused = document.activeElement;
  if (focused !== document.body && focused.getClientRects().length > 0) return;
  byId(view.one === null ? "cell-head" : "case-page").querySelector("h2").focus();
}

function refilter() {
  renderList();
  if (view.one === null) renderHead();
}

function listen() {
  document.addEventListener("keydown", onKey);
  byId("filter-text").addEventListener("input", refilter);
  byId("filter-kind").addEventListener("change", refilter);
  byId("reviewer").addEventListener("input", (event) => {
    saved.reviewer = event.target.value.trim();
    writeStorage();
    renderReviewer();
  });
  byId("export-json").addEventListener("click", downloadJson);
  byId("export-csv").addEventListener("click", downloadCsv);
  byId("export-audit").addEventListener("click", downloadAudit);
  byId("export-labels").addEventListener("click", downloadLabels);
  byId("print").addEventListener("click", printShown);
  window.addEventListener("beforeprint", unfold);
  window.addEventListener("afterprint", clearPrinted);
  listenToHelp();
  window.addEventListener("resize", setScale);
  // Take over the changes made to the same cells in another tab, unless those of this one could
  // not be stored and would be lost.
  window.addEventListener("storage", (event) => {
    if (!storageWorks || !isOwnKey(event.key)) return;
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
onRedraw(renderAll);
listen();
if (sections[0].one === null) showCell(sections[0].cells[0]);
else showCase(sections[0].one);
// Read-only, for tests and for the console.
globalThis.karyotypeReport = Object.freeze({
  draftIscn: (counts) => draftIscn(counts, report.classes),
  draftFormula: (counts, withheld) => draftFormula(counts, report, withheld),
  correctedReport,
  caseNow: (name) => caseNow(report.cases.find((one) => one.case === name)),
  concludeCase,
  loadedCells: () => report.cells.filter(isLoaded).length,
});
