// The tip next to the chromosome under the pointer.

import { automaticCall, flagLine, likelyTable } from "./chromosome.mjs";
import { byId, make } from "./dom.mjs";
import { chromosomeState } from "./state.mjs";
import { percent } from "./text.mjs";
import { view } from "./view.mjs";

export function showTip(one, element) {
  const tip = byId("tip");
  const state = chromosomeState(view.cell, one);
  const head = state.class === one.class
    ? `${one.class} · ${percent(one.confidence)}`
    : `${state.class}, moved manually · ${automaticCall(one)}`;
  tip.replaceChildren(
    make("strong", {}, head),
    make("span", { className: "quiet" }, one.name),
    ...one.flags.map(flagLine),
    likelyTable(one),
  );
  tip.hidden = false;
  const at = element.getBoundingClientRect();
  const left = Math.min(at.right + 8, window.innerWidth - tip.offsetWidth - 8);
  const top = Math.min(at.top, window.innerHeight - tip.offsetHeight - 8);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}

export function hideTip() {
  byId("tip").hidden = true;
}
