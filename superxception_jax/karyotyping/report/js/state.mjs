// The changes, and where they are stored.
//
// `saved` and `histories` survive a reload. A change is a list of steps that are undone together:
// {image, field, from, to}; image "" stands for the cell itself.

import { report } from "./data.mjs";
import { actionButton, byId, say } from "./dom.mjs";
import {
  auditOfImages, dayOf, keysOfOthers, loadEntered, loadPage, removeStored, storeEntered, storePage,
} from "./storage.mjs";
import { plural } from "./text.mjs";

// The audit trail is that of all cells, in the order of the changes; `corrected` is the digest
// that each corrected cell had.
export let saved = { reviewer: "", film: "", audit: [], corrected: {} };
// Cell name → {done: [change], undone: [change]}.
export let histories = new Map();
// Cell name → {reviewed, images: image name → field → {first, now}}. Only what was changed has an
// entry, so that the state of a cell is known without its chromosomes.
export let states = new Map();
export let storageWorks = true;
// Cells that a notice names.
const MOST_NAMED = 5;
// Cells of which the last change is not stored yet.
const unsaved = new Set();
// Grows with every change, so that what follows from the states is computed once.
export let revision = 0;

/** Return class, orientation and check mark of a chromosome as they are now. */
export function chromosomeState(cell, one) {
  const fields = states.get(cell.cell).images.get(one.name);
  const now = (field, original) => (fields?.[field] === undefined ? original : fields[field].now);
  return {
    class: now("class", one.class),
    turned: now("turned", one.turned),
    checked: now("checked", false),
  };
}

/** Return what differs from the automatic result: {image, field, first, now}. */
export function differences(cell) {
  const found = [];
  for (const [image, fields] of states.get(cell.cell).images) {
    for (const [field, { first, now }] of Object.entries(fields)) {
      if (first !== now) found.push({ image, field, first, now });
    }
  }
  return found;
}

export function applyStep(state, { image, field, from, to }) {
  if (image === "") {
    state.reviewed = to;
    return;
  }
  if (!state.images.has(image)) state.images.set(image, {});
  const fields = state.images.get(image);
  // The first step of a field starts from the automatic result.
  fields[field] ??= { first: from, now: from };
  fields[field].now = to;
}

function rebuildStates() {
  revision += 1;
  states = new Map();
  for (const cell of report.cells) {
    if (!histories.has(cell.cell)) histories.set(cell.cell, { done: [], undone: [] });
    const state = { reviewed: false, images: new Map() };
    for (const change of histories.get(cell.cell).done) {
      for (const step of change.steps) applyStep(state, step);
    }
    states.set(cell.cell, state);
  }
}

export function readStorage() {
  histories = new Map();
  try {
    const all = [];
    const damaged = [];
    for (const cell of report.cells) {
      const entered = loadEntered(cell.digest);
      if (entered === null) damaged.push(cell.cell);
      const { audit, done, undone } = entered ?? {};
      if (audit === undefined) continue;
      histories.set(cell.cell, { done, undone });
      all.push(...audit);
    }
    all.sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
    saved = { ...saved, ...loadPage(), audit: all };
    tellDamaged(damaged);
  } catch (error) {
    storageFailed(error);
  }
  rebuildStates();
}

/** Store the settings of the page, a changed cell, and those that could not be stored before. */
export function writeStorage(cell = null) {
  revision += 1;
  if (cell !== null) unsaved.add(cell);
  try {
    for (const one of unsaved) {
      const audit = saved.audit.filter((entry) => entry.cell === one.cell);
      storeEntered(one.digest, { images: one.images_digest, audit, ...histories.get(one.cell) });
      saved.corrected[one.cell] = one.digest;
      unsaved.delete(one);
    }
    const { audit, ...page } = saved;
    storePage(page);
  } catch (error) {
    storageFailed(error);
  }
}

/**
 * Return the changes that were made on this page when the cell had other images or results, or
 * anywhere for a cell of other names or results with the same images; none once it was changed.
 */
export function outdatedChanges(cell) {
  if (!storageWorks || saved.audit.some((entry) => entry.cell === cell.cell)) return [];
  const digest = saved.corrected[cell.cell];
  return (digest === undefined ? undefined : loadEntered(digest)?.audit)
    ?? auditOfImages(cell.images_digest);
}

/** Say which cells' entries can't be used. */
function tellDamaged(cells) {
  const others = cells.length > MOST_NAMED ? ` and ${cells.length - MOST_NAMED} more` : "";
  byId("damaged").hidden = cells.length === 0;
  byId("damaged").textContent =
    `What this browser stored for ${plural(cells.length, "cell")} is damaged and was left out: ` +
    `${cells.slice(0, MOST_NAMED).join(", ")}${others}. Correct and review these ` +
    "cells again; the next change to a cell replaces its damaged entry.";
}

function storageFailed(error) {
  storageWorks = false;
  byId("notice").hidden = false;
  byId("notice").replaceChildren(
    `This browser cannot save the changes made on this page (${error.name}). ` +
      "Export JSON before closing or reloading the page, or the changes will be lost. ",
    ...(/quota/i.test(error.name) && otherKeys().length > 0
      ? [actionButton("make-room", "Make room …", "Remove what is stored for other reports", makeRoom)]
      : []),
  );
}

/** Return the keys of what only other reports need; earlier results of these cells are kept. */
const otherKeys = () => keysOfOthers(Object.values(saved.corrected));

/** Remove what is stored for the cells of other reports, once a person agrees, and store anew. */
function makeRoom() {
  const keys = otherKeys();
  const days = keys.map(dayOf).filter((day) => day !== "").sort();
  const when = days.length > 0 ? `, last changed between ${days[0]} and ${days.at(-1)}` : "";
  const question =
    "The space in which this browser stores corrections is full. Remove the corrections, review " +
    `marks and audit trails of ${plural(keys.length, "cell")} of other reports${when}? ` +
    "What was not exported from those reports is lost; nothing of this one is removed.";
  if (!window.confirm(question)) return;
  removeStored(keys);
  storageWorks = true;
  byId("notice").hidden = true;
  writeStorage();
  if (storageWorks) say("The changes made on this page are saved.");
}
