"""Plots: charts read by their geometry: axes, bars, lines, points, slices and legends."""
