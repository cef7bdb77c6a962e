"""The chart of a scaling study."""

from __future__ import annotations

from matplotlib.figure import Figure

from superxception_jax.studies.scaling.scaling_results import ScalingResults


def plot_scaling(results: ScalingResults) -> Figure:
    """Draw images per second and efficiency against the number of devices.

    Args:
        results: Results with at least one curve.

    Returns:
        The figure: a column per scaling; the dotted line is the ideal.
    """
    scalings = list(dict.fromkeys(curve.scaling for curve in results.curves))
    figure = Figure(figsize=(5.5 * len(scalings), 7), layout="constrained")
    panels = figure.subplots(2, len(scalings), squeeze=False, sharex="col")
    labels = list(dict.fromkeys(curve.label for curve in results.curves))
    for column, scaling in enumerate(scalings):
        rates, shares = panels[:, column]
        for curve in results.curves:
            if curve.scaling != scaling:
                continue
            first = curve.times[0]
            chips = [one.chips for one in curve.times]
            style = {"marker": "o", "color": f"C{labels.index(curve.label)}"}
            rates.plot(chips, [one.images_per_s for one in curve.times], **style)
            ideal = [first.images_per_s / first.chips * count for count in chips]
            rates.plot(chips, ideal, ":", color=style["color"], alpha=0.6)
            efficiencies = [100 * one.efficiency(first) for one in curve.times]
            shares.plot(chips, efficiencies, label=curve.label, **style)
        rates.set(title=f"{scaling} scaling", xscale="log", yscale="log")
        rates.set_ylabel("images per second")
        shares.set(xlabel="devices", ylabel="efficiency, %", ylim=(0, 110))
        ticks = sorted(
            {
                one.chips
                for curve in results.curves
                if curve.scaling == scaling
                for one in curve.times
            }
        )
        shares.set_xticks(ticks, [str(tick) for tick in ticks])
        shares.minorticks_off()
        for panel in (rates, shares):
            panel.grid(alpha=0.3)
        shares.legend()
    return figure
