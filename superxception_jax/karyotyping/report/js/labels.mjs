// The corrected classes and orientations as the table `labels.csv` of the folder of the images.

export const LABEL_COLUMNS = ["file", "class", "cell", "case", "turned"];

/** Return the name of a cell within its case. */
export function ownName(cell) {
  const start = `${cell.case}/`;
  return cell.case !== "" && cell.cell.startsWith(start) ? cell.cell.slice(start.length) : cell.cell;
}

/**
 * Return the rows of the cells that a person has reviewed.
 *
 * Chromosomes of none of the classes are set aside and left out. The orientation is that of the
 * image in the file; it is empty where neither the network nor a person said it.
 */
export function labelRows(cells, classes) {
  return cells.filter((cell) => cell.reviewed).flatMap((cell) =>
    cell.chromosomes
      .filter((one) => classes.includes(one.class_corrected))
      .map((one) => [
        one.file,
        one.class_corrected,
        ownName(cell),
        cell.case,
        one.turned_corrected ?? "",
      ]),
  );
}

/** Return whether every image is in a file that a table can name. */
export const haveFiles = (cells) => cells.every((cell) => cell.has_files);
