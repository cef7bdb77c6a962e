// The cells of this page as Python wrote them, and the rows of a karyogram.

export const report = JSON.parse(document.getElementById("report-data").textContent);
export const ASIDE = "set aside";
export const ROWS = [["A", "B"], ["C"], ["D", "E"], ["F", "G"]];
export const classesOfGroup = new Map(report.groups.map((one) => [one.name, one.classes]));

const cellsByName = new Map(report.cells.map((cell) => [cell.cell, cell]));
const casesByName = new Map(report.cases.map((one) => [one.case, one]));
const cellsByCase = new Map(report.cases.map((one) => [one.case, []]));
for (const cell of report.cells) cellsByCase.get(cell.case)?.push(cell);

export const cellNamed = (name) => cellsByName.get(name);
/** Return the case of a cell; undefined if there are no conclusions about it. */
export const caseOf = (cell) => casesByName.get(cell.case);
/** Return the cells of a case, those to review first at the top. */
export const cellsOf = (one) => cellsByCase.get(one.case);
