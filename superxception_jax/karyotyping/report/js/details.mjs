// The selected chromosome, enlarged and with its tools.

import {
  automaticCall, confidenceKind, flagLine, likelyTable, picture,
} from "./chromosome.mjs";
import { ASIDE, report } from "./data.mjs";
import { actionButton, byId, make, replaceKeepingFocus } from "./dom.mjs";
import { moveTo, toggleChecked, turn } from "./edits.mjs";
import { chromosomeState } from "./state.mjs";
import { percent } from "./text.mjs";
import { view } from "./view.mjs";

export function renderDetails() {
  const one = view.cell.chromosomes?.find((candidate) => candidate.name === view.image);
  if (one === undefined) {
    byId("details").replaceChildren(make("p", { className: "quiet" }, "No chromosome selected."));
    return;
  }
  const state = chromosomeState(view.cell, one);
  replaceKeepingFocus(byId("details"), [
    make("div", { className: "film" }, picture(one)),
    describe(one, state),
    tools(one, state),
  ]);
}

function orientationText(one) {
  if (one.turned_probability === null) return "orientation not checked by this network";
  return one.turned
    ? `was upside down (${percent(one.turned_probability)}), rotated automatically`
    : "was upright";
}

function describe(one, state) {
  const turnedText = orientationText(one);
  return make(
    "div",
    { className: "words" },
    make(
      "h3",
      {},
      state.class === ASIDE ? "Set aside" : `Chromosome ${state.class}`,
      make("span", { className: "quiet" }, ` image ${one.name}`),
    ),
    make(
      "p",
      { className: "confidence" },
      make("span", { className: `swatch ${confidenceKind(one)}` }),
      state.class === one.class
        ? `confidence ${percent(one.confidence)}`
        : `moved manually · ${automaticCall(one)}`,
    ),
    ...one.flags.map(flagLine),
    likelyTable(one),
    make("p", { className: "quiet" }, `length ${one.length_px.toFixed(1)} px · ${turnedText}`),
  );
}

function tools(one, state) {
  const options = [...report.classes, ASIDE].map((name) =>
    make("option", { value: name, selected: name === state.class }, name),
  );
  const choice = make(
    "select",
    { id: "class-choice", onchange: (event) => moveTo(one.name, event.target.value) },
    ...options,
  );
  const aside = () => moveTo(one.name, ASIDE);
  return make(
    "div",
    { className: "tools" },
    make("label", {}, "Move to class ", choice),
    actionButton("turn", "Rotate", "Rotate by 180° (t)", () => turn(one.name)),
    actionButton("aside", "Set aside", "Exclude from the count (a)", aside),
    make(
      "label",
      {},
      make("input", {
        type: "checkbox",
        id: "checked",
        checked: state.checked,
        onchange: () => toggleChecked(one.name),
      }),
      "Checked",
    ),
    view.typed === "" ? null : make("p", { className: "typed", id: "typed" }, typedText()),
  );
}

const typedText = () => `Move to class ${view.typed}_ · press Enter`;
