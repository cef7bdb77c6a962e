// The overlay with the keyboard shortcuts, and the switch that turns single keys off.

import { byId } from "./dom.mjs";
import { saved, writeStorage } from "./state.mjs";

export function toggleHelp() {
  const help = byId("help");
  if (help.open) help.close();
  else help.showModal();
}

export const isHelpOpen = () => byId("help").open;
/** Return whether a single letter is a command; people who dictate text turn that off. */
export const singleKeys = () => saved.keys !== "off";

export function listenToHelp() {
  byId("show-help").addEventListener("click", toggleHelp);
  byId("close-help").addEventListener("click", toggleHelp);
  byId("single-keys").checked = singleKeys();
  byId("single-keys").addEventListener("change", (event) => {
    saved.keys = event.target.checked ? "on" : "off";
    writeStorage();
  });
}
