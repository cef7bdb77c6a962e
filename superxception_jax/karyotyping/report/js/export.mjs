// The corrected cells as JSON and CSV. Other programs rely on the keys and columns.

import { countsNow, draftOf } from "./cells.mjs";
import { caseNow } from "./consensus.mjs";
import { report } from "./data.mjs";
import { byId, make, say } from "./dom.mjs";
import { LABEL_COLUMNS, labelRows } from "./labels.mjs";
import { loadCell, tellMissing } from "./load.mjs";
import { chromosomeState, saved, states } from "./state.mjs";
import { csvText, localTime } from "./text.mjs";

// The browser reads a Blob after this turn.
const KEPT_MILLISECONDS = 10000;

function correctedChromosome(cell, one) {
  const now = chromosomeState(cell, one);
  // Unknown unless the network checked it or a person rotated the image.
  const unchecked = one.turned_probability === null;
  return {
    name: one.name,
    file: one.file,
    class_read: one.class,
    class_corrected: now.class,
    confidence: one.confidence,
    probabilities: one.probabilities,
    turned_read: unchecked ? null : one.turned,
    turned_corrected: unchecked && now.turned === one.turned ? null : now.turned,
    length_px: one.length_px,
    flags: one.flags,
    checked: now.checked,
  };
}

function correctedCell(cell, chromosomes) {
  return {
    cell: cell.cell,
    case: cell.case,
    iscn_read: cell.iscn,
    iscn_corrected: draftOf(cell),
    counts_read: cell.counts,
    counts_corrected: countsNow(cell),
    margin: cell.margin,
    withheld: cell.withheld,
    flags: cell.flags,
    background: cell.background,
    stain: cell.stain,
    unread: cell.unread,
    set_aside: cell.set_aside,
    overruled: cell.overruled,
    reviewed: states.get(cell.cell).reviewed,
    chromosomes: chromosomes.map((one) => correctedChromosome(cell, one)),
  };
}

/** Return the chromosomes of all cells without their images; one cell after the other is loaded. */
async function readChromosomes() {
  const found = [];
  for (const cell of report.cells) {
    await loadCell(cell);
    found.push(cell.chromosomes.map(({ image, ...one }) => one));
  }
  return found;
}

/** Return the conclusions about a case without what only their computation needs. */
function concluded({ candidates, evidence, ...conclusions }) {
  return conclusions;
}

export async function correctedReport() {
  const chromosomes = await readChromosomes();
  // All corrections are taken at this moment: of one that was made meanwhile, all parts tell.
  return {
    format: report.format,
    research_note: report.research_note,
    draft_note: report.draft_note,
    exported: localTime(new Date()),
    reviewer: saved.reviewer,
    facts: report.facts,
    digest: report.digest,
    cases: report.cases.map((one) => (
      { case: one.case, read: concluded(one), corrected: concluded(caseNow(one)) }
    )),
    cells: report.cells.map((cell, place) => correctedCell(cell, chromosomes[place])),
    audit: [...saved.audit],
  };
}

async function correctedCsv() {
  const columns = [
    "cell", "image", "class_read", "class_corrected", "confidence", "turned", "flags", "checked",
  ];
  const { cells } = await correctedReport();
  const rows = cells.flatMap((cell) =>
    cell.chromosomes.map((one) => [
      cell.cell,
      one.name,
      one.class_read,
      one.class_corrected,
      one.confidence.toFixed(6),
      one.turned_corrected ?? "",
      one.flags.join("; "),
      one.checked,
    ]),
  );
  return csvText([columns, ...rows]);
}

function auditCsv() {
  const columns = ["time", "reviewer", "cell", "image", "action", "field", "from", "to"];
  const changes = saved.audit.map((entry) => [...columns.map((name) => entry[name]), "", ""]);
  const overruled = report.cells.flatMap((cell) => cell.overruled.map((one) => [
    "", "program", cell.cell, one.name, "overruled", "class",
    one.single_image_class, one.assigned_class,
    one.single_image_probability.toFixed(6), one.assigned_probability.toFixed(6),
  ]));
  const all = [...columns, "probability_from", "probability_to"];
  return csvText([all, ...changes, ...overruled]);
}

function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MILLISECONDS);
}

const fileName = (ending) => `karyotypes-${report.digest.slice(0, 8)}-${ending}`;

/** Return a function that makes an export; where images are missing, the page says so. */
const exporting = (makeExport) => async () => {
  say("The export is being made.");
  try {
    await makeExport();
  } catch (error) {
    tellMissing(error);
  }
};

export const downloadJson = exporting(async () => {
  const text = `${JSON.stringify(await correctedReport(), null, 2)}\n`;
  download(fileName("corrected.json"), "application/json", text);
});

export const downloadCsv = exporting(async () =>
  download(fileName("corrected.csv"), "text/csv", await correctedCsv()));
export const downloadAudit = () => download(fileName("audit.csv"), "text/csv", auditCsv());

/** Save the table that a folder of images is trained on; without rows, say what is missing. */
export const downloadLabels = exporting(async () => {
  const { cells } = await correctedReport();
  const rows = labelRows(cells, report.classes);
  byId("no-labels").hidden = rows.length > 0;
  if (rows.length > 0) download("labels.csv", "text/csv", csvText([LABEL_COLUMNS, ...rows]));
});
