"""The values of options of data sets, apart from what they mean, for the help of programs."""

from __future__ import annotations

# Of all images of a data set; "auto": decided for each cell.
BACKGROUNDS = ("auto", "dark", "light")
# Equal images in several cells of an own folder.
TWINS = ("refuse", "allow")
# How the images of an own folder are taken whose orientation the table does not state.
POLARITIES = ("upright", "any")
