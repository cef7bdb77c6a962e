"""Paint a karyogram with matplotlib, for print and for editing."""

from __future__ import annotations

import threading
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from superxception_jax.karyotyping.karyogram.fonts import FAMILY
from superxception_jax.karyotyping.karyogram.ideogram import ideogram_shapes
from superxception_jax.karyotyping.karyogram.items import (
    BOX_EDGE_POINTS,
    DISC_EDGE_POINTS,
    DOTS_PER_INCH,
    IDEOGRAM_EDGE_POINTS,
    OUTLINE_DASHES,
    OUTLINE_POINTS,
    Box,
    Karyogram,
    Marker,
    Outline,
    PlacedIdeogram,
    PlacedPicture,
    Stroke,
    Writing,
)
from superxception_jax.karyotyping.karyogram.picture import colour_picture
from superxception_jax.karyotyping.karyogram.style import PALETTES

HATCH = "//////"
_WRITING = threading.Lock()  # The settings of matplotlib are those of all threads.


def karyogram_figure(karyogram: Karyogram) -> Figure:
    """Return a karyogram as a figure, whose axes are in inches from the page's upper left corner.

    Args:
        karyogram: Karyogram of `draw_karyogram`.
    """
    palette = PALETTES[karyogram.background]
    size_in = (karyogram.width_in, karyogram.height_in)
    figure = Figure(figsize=size_in, dpi=DOTS_PER_INCH, facecolor=palette.page)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set(xlim=(0.0, size_in[0]), ylim=(size_in[1], 0.0), autoscale_on=False)
    for order, item in enumerate(karyogram.items):
        match item:
            case Writing():
                _write(axes, item, order)
            case Box():
                _paint_box(axes, item, order)
            case Stroke():
                xs, ys = zip(*item.points_in, strict=True)
                width = item.width_points
                axes.plot(
                    xs,
                    ys,
                    color=item.colour,
                    linewidth=width,
                    solid_joinstyle="miter",
                    zorder=order,
                )
            case Outline():
                _paint_outline(axes, item, order)
            case PlacedPicture():
                _paint_picture(axes, item, karyogram, order)
            case PlacedIdeogram():
                _paint_ideogram(axes, item, karyogram.background, order)
            case Marker():
                _paint_marker(axes, item, order)
    return figure


def save_svg(karyogram: Karyogram, path: Path) -> None:
    """Write a karyogram as SVG, its text as outlines; equal karyograms give equal files.

    Args:
        karyogram: Karyogram of `draw_karyogram`.
        path: File to write.

    Raises:
        OSError: The file can't be written.
    """
    figure = karyogram_figure(karyogram)
    with _WRITING, matplotlib.rc_context({"svg.hashsalt": "karyogram", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", dpi=DOTS_PER_INCH, metadata={"Date": None})


def _write(axes: Axes, item: Writing, order: float) -> None:
    axes.text(
        item.left_in,
        item.baseline_in,
        item.text,
        ha="left",
        va="baseline",
        parse_math=False,
        family=FAMILY,
        color=item.colour,
        size=item.size_points,
        weight="bold" if item.bold else "normal",
        style="italic" if item.italic else "normal",
        zorder=order,
    )


def _paint_box(axes: Axes, item: Box, order: float) -> None:
    axes.add_patch(
        Rectangle(
            (item.left_in, item.top_in),
            item.width_in,
            item.height_in,
            facecolor=item.colour,
            edgecolor=item.edge,
            linewidth=BOX_EDGE_POINTS,
            zorder=order,
        )
    )


def _paint_outline(axes: Axes, item: Outline, order: float) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (item.left_in, item.top_in),
            item.width_in,
            item.height_in,
            boxstyle=f"round,pad=0,rounding_size={item.radius_in}",
            facecolor="none",
            edgecolor=item.colour,
            linewidth=OUTLINE_POINTS,
            linestyle=(0, OUTLINE_DASHES),
            zorder=order,
        )
    )


def _paint_marker(axes: Axes, item: Marker, order: float) -> None:
    axes.add_patch(
        Circle(
            item.middle_in,
            item.radius_in,
            facecolor=item.colour,
            edgecolor=item.edge,
            linewidth=DISC_EDGE_POINTS,
            zorder=order,
        )
    )
    _write(axes, item.number, order + 0.5)


def _paint_picture(axes: Axes, item: PlacedPicture, karyogram: Karyogram, order: float) -> None:
    rgba = colour_picture(
        item.picture.image,
        zoom=karyogram.in_per_px * DOTS_PER_INCH,
        white=karyogram.white,
        background=karyogram.background,
    )
    right_in, bottom_in = item.left_in + item.width_in, item.top_in + item.height_in
    extent = (item.left_in, right_in, bottom_in, item.top_in)
    # The picture has the resolution of the page; interpolation would reduce it to 72 dpi in an SVG.
    axes.imshow(rgba, extent=extent, interpolation="none", aspect="auto", zorder=order)


def _paint_ideogram(axes: Axes, item: PlacedIdeogram, background: str, order: float) -> None:
    palette, place = PALETTES[background], np.array(item.middle_in)
    outline, bands = ideogram_shapes(item.label, length_in=item.length_in, width_in=item.width_in)
    colours = [palette.band(band.density) for band in bands]
    axes.add_collection(
        PolyCollection([band.outline + place for band in bands], facecolors=colours, zorder=order),
        autolim=False,
    )
    hatched = [band.outline + place for band in bands if band.hatched]
    for shapes, hatch, width in (
        (hatched, HATCH, 0.0),
        ([outline + place], None, IDEOGRAM_EDGE_POINTS),
    ):
        axes.add_collection(
            PolyCollection(
                shapes,
                facecolors="none",
                edgecolors=palette.ink,
                linewidths=width,
                hatch=hatch,
                zorder=order + 0.5,
            ),
            autolim=False,
        )
