"""Figures with bars (upper limits), measured in one run on one machine: `make bench`."""
