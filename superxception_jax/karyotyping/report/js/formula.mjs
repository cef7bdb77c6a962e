// The draft ISCN formula of counts.

const USUAL_COPIES = 2;

/** Draft the ISCN formula: number of chromosomes, sex chromosomes, gained and lost autosomes. */
export function draftIscn(counts, classes) {
  let total = 0;
  const parts = [];
  for (const name of classes) {
    const count = counts[name] ?? 0;
    total += count;
    if (name === "X" || name === "Y") continue;
    const sign = count > USUAL_COPIES ? "+" : "-";
    for (let n = Math.abs(count - USUAL_COPIES); n > 0; n -= 1) parts.push(sign + name);
  }
  // Without any sex chromosome the complement is in question; ISCN marks that with "?".
  const sexes = "X".repeat(counts.X ?? 0) + "Y".repeat(counts.Y ?? 0) || "?";
  return [total, sexes, ...parts].join(",");
}

export function isUsual(name, counts) {
  if (name !== "X" && name !== "Y") return counts[name] === USUAL_COPIES;
  return (counts.X === 2 && counts.Y === 0) || (counts.X === 1 && counts.Y === 1);
}
