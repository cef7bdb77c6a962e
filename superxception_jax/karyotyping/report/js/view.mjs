// What is on the screen. Edits know nothing of drawing and ask for it by `redraw`.

import { report } from "./data.mjs";

export const view = {
  cell: report.cells[0],
  one: null, // The case whose page is shown; null: the cell is shown.
  image: null, // Name of the selected image of the cell.
  typed: "", // Digits of a class before Enter.
  zoom: 1,
};

let draw = () => {};

export function onRedraw(drawAll) {
  draw = drawAll;
}

export const redraw = () => draw();
