// Words, numbers and times as text.

// The actions of the audit trail as a person reads them; exports keep the short names.
export const ACTIONS = {
  move: "class change",
  turn: "rotation",
  check: "check mark",
  review: "review",
  reset: "cell reset",
  undo: "undo",
  redo: "redo",
};

/** Write a probability; what is not certain is never shown as 100 % or 0 %. */
export function percent(value) {
  if (value > 0.999) return "> 99.9 %";
  if (value < 0.001) return "< 0.1 %";
  return `${(100 * value).toFixed(1)} %`;
}

export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export const plural = (count, noun, several = `${noun}s`) =>
  `${count.toLocaleString("en-US")} ${count === 1 ? noun : several}`;

/** Write rows as CSV; what holds a comma, a quote or a line end is quoted. */
export function csvText(rows) {
  const field = (value) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(field).join(",")}\n`).join("");
}

/** Return the time as ISO 8601 with the local offset, for example 2024-05-01T09:30:00+02:00. */
export function localTime(date) {
  const minutes = -date.getTimezoneOffset();
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const local = new Date(date.getTime() + minutes * 60000).toISOString().slice(0, 19);
  const size = Math.abs(minutes);
  return `${local}${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}
