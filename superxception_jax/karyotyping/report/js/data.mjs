// The cells of this page as Python wrote them into it, and where their classes stand.

export const report = JSON.parse(document.getElementById("report-data").textContent);
export const ASIDE = "set aside";
export const ROWS = [["A", "B"], ["C"], ["D", "E"], ["F", "G"]];
