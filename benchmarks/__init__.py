"""Figures with bars, measured within one run on one machine: `make bench`."""
