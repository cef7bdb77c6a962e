// How one chromosome of the shown cell is drawn and described, wherever it appears.

import { ASIDE, report } from "./data.mjs";
import { make } from "./dom.mjs";
import { chromosomeState } from "./state.mjs";
import { percent } from "./text.mjs";
import { view } from "./view.mjs";

export function confidenceKind(one) {
  if (chromosomeState(view.cell, one).class !== one.class) return "by-hand";
  if (one.confidence >= report.sure_confidence) return "sure";
  return one.confidence >= report.doubtful_confidence ? "fair" : "doubtful";
}

export function picture(one) {
  const image = make("img", { src: one.image, alt: "", draggable: false });
  image.style.setProperty("--w", one.width_px);
  image.style.setProperty("--h", one.height_px);
  if (chromosomeState(view.cell, one).turned !== one.turned) {
    image.classList.add("upside-down");
  }
  return image;
}

export const flagLine = (text) => make("p", { className: "flag" }, `⚑ ${text}`);

/** Say what the program called a chromosome that was moved. */
export const automaticCall = (one) =>
  `automatic call ${one.class} (${percent(one.confidence)})`;

/** Describe a chromosome for a screen reader. */
export function spoken(one) {
  const state = chromosomeState(view.cell, one);
  const likely = one.probabilities.map((p) => `${p.class} ${percent(p.probability)}`).join(", ");
  return [
    `Image ${one.name}`,
    state.class === ASIDE ? "set aside" : `class ${state.class}`,
    state.class === one.class
      ? `confidence ${percent(one.confidence)}`
      : `moved manually, ${automaticCall(one)}`,
    ...one.flags.map((text) => `flag: ${text}`),
    `most probable ${likely}`,
    state.turned === one.turned ? null : "rotated manually",
    state.checked ? "checked" : null,
  ].filter((text) => text !== null).join("; ");
}

export function likelyTable(one) {
  const rows = one.probabilities.map((p) => {
    const bar = make("span", { className: "level" });
    bar.style.width = `${100 * p.probability}%`;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, p.class),
      make("td", { className: "wide" }, make("span", { className: "bar" }, bar)),
      make("td", {}, percent(p.probability)),
      make("td", { className: "quiet" }, percent(p.alone)),
    );
  });
  const names = ["Class", "", "In cell", "Single image"];
  const head = names.map((text) => make("th", { scope: "col" }, text));
  return make(
    "table",
    { className: "likely" },
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows),
  );
}
