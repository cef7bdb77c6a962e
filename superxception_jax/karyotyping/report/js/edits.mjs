// Corrections of the shown cell: each is applied, recorded in the audit trail and can be undone.

import { draftText } from "./cells.mjs";
import { ASIDE } from "./data.mjs";
import { say } from "./dom.mjs";
import {
  applyStep, chromosomeState, differences, histories, saved, states, writeStorage,
} from "./state.mjs";
import { ACTIONS, localTime } from "./text.mjs";
import { redraw, view } from "./view.mjs";

function recordSteps(action, steps) {
  const time = localTime(new Date());
  for (const { image, field, from, to } of steps) {
    saved.audit.push(
      { time, reviewer: saved.reviewer, cell: view.cell.cell, image, action, field, from, to },
    );
  }
}

function commit(action, steps, message) {
  if (steps.length === 0) return;
  const state = states.get(view.cell.cell);
  // A cell that is changed after its review is open again.
  if (state.reviewed && steps.every((step) => step.image !== "")) {
    steps.push({ image: "", field: "reviewed", from: true, to: false });
  }
  for (const step of steps) applyStep(state, step);
  const history = histories.get(view.cell.cell);
  history.done.push({ action, steps });
  history.undone = [];
  recordSteps(action, steps);
  afterChange(message);
}

function afterChange(message) {
  writeStorage(view.cell);
  view.typed = "";
  redraw();
  say(`${message} Draft: ${draftText(view.cell)}.`);
}

export function undo() {
  const history = histories.get(view.cell.cell);
  const change = history.done.pop();
  if (change === undefined) return;
  const steps = change.steps
    .map(({ image, field, from, to }) => ({ image, field, from: to, to: from }))
    .reverse();
  for (const step of steps) applyStep(states.get(view.cell.cell), step);
  history.undone.push(change);
  recordSteps("undo", steps);
  afterChange(`Undone: ${ACTIONS[change.action]}.`);
}

export function redo() {
  const history = histories.get(view.cell.cell);
  const change = history.undone.pop();
  if (change === undefined) return;
  for (const step of change.steps) applyStep(states.get(view.cell.cell), step);
  history.done.push(change);
  recordSteps("redo", change.steps);
  afterChange(`Redone: ${ACTIONS[change.action]}.`);
}

const stateOf = (image) =>
  chromosomeState(view.cell, view.cell.chromosomes.find((one) => one.name === image));

function setField(action, image, field, to) {
  const from = stateOf(image)[field];
  if (from === to) {
    view.typed = "";
    redraw();
    return;
  }
  const words = {
    class: to === ASIDE ? "set aside" : `moved to class ${to}`,
    turned: "rotated by 180°",
    checked: to ? "marked as checked" : "no longer marked as checked",
  };
  commit(action, [{ image, field, from, to }], `${image} ${words[field]}.`);
}

export const moveTo = (image, name) => setField("move", image, "class", name);
export const turn = (image) =>
  setField("turn", image, "turned", !stateOf(image).turned);
export const toggleChecked = (image) =>
  setField("check", image, "checked", !stateOf(image).checked);

export function setReviewed(to) {
  const message = to ? "Cell marked as reviewed." : "Cell reopened for review.";
  commit("review", [{ image: "", field: "reviewed", from: !to, to }], message);
}

export function resetCell() {
  const steps = differences(view.cell).map(({ image, field, first, now }) => (
    { image, field, from: now, to: first }
  ));
  if (states.get(view.cell.cell).reviewed) steps.push({ image: "", field: "reviewed", from: true, to: false });
  commit("reset", steps, "Cell restored to the automatic result.");
}
