// Dark chromosomes on white, or bright ones on black.

import { byId } from "./dom.mjs";
import { saved, writeStorage } from "./state.mjs";

export function showFilm() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const film = saved.film || (dark ? "bright" : "dark");
  document.body.dataset.film = film;
  byId("film-note").textContent =
    film === "dark"
      ? "Images are shown dark on white."
      : "Images are shown bright on black.";
}

export function invertFilm() {
  saved.film = document.body.dataset.film === "dark" ? "bright" : "dark";
  writeStorage();
  showFilm();
}
