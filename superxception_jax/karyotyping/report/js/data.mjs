// The cells of this page as Python wrote them, and the rows of a karyogram.

export const report = JSON.parse(document.getElementById("report-data").textContent);
export const ASIDE = "set aside";
export const ROWS = [["A", "B"], ["C"], ["D", "E"], ["F", "G"]];
