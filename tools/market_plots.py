#!/usr/bin/env python3
"""Plots the synthetic market beside a recorded one: `market_plots.py SOAK OUT.svg RECORDED.feed SYNTHETIC.feed` (Debian's
python3-matplotlib). The numbers are those of `soak feed stats`; docs/market-model.md shows the picture and how to make it."""
import json
import subprocess
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402: after the backend
import matplotlib.ticker  # noqa: E402

# Text stays text: a third of the size, and readable to a search.
matplotlib.rcParams.update({"svg.hashsalt": "soak", "svg.fonttype": "none", "font.size": 8,
                            "axes.spines.top": False, "axes.spines.right": False})
PLAIN = matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}")

# name in the statistics, title, logarithmic axes
PANELS = [("spread_distribution", "Spread: share of time at most", "x"),
          ("depth_by_distance", "Depth by distance from the touch", "y"),
          ("signature", "Volatility by horizon", "xy"),
          ("sign_autocorrelation", "Autocorrelation of trade signs", ""),
          ("trade_clustering", "Clustering of trades: variance ÷ mean", "xy"),
          ("level_lifetime", "Life of levels near the touch: share gone", "x")]


def main():
    soak, out, *feeds = sys.argv[1:]
    statistics = [json.loads(subprocess.run([soak, "feed", "stats", feed, "--json"], check=True, capture_output=True).stdout) for feed in feeds]
    figure, axes = plt.subplots(3, 2, figsize=(8, 9), layout="constrained")
    for axis, (name, title, logarithmic) in zip(axes.flat, PANELS):
        for label, marker, of in zip(("recorded BTCUSDT", "synthetic"), "os", statistics):
            points = [point for point in of[name]["points"] if point[1] > 0 or "y" not in logarithmic]
            axis.plot([at for at, _ in points], [value for _, value in points], marker=marker, markersize=3, linewidth=1, label=label)
        axis.set_title(title)
        axis.set_xlabel(statistics[0][name]["at"])
        axis.set_ylabel(statistics[0][name]["value"])
        for letter, of_axis in (("x", axis.xaxis), ("y", axis.yaxis)):
            if letter in logarithmic:
                axis.set(**{f"{letter}scale": "log"})
                of_axis.set_major_formatter(PLAIN)
                of_axis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.flat[3].legend(frameon=False)
    figure.savefig(out, metadata={"Date": None})


main()
