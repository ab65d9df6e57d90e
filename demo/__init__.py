"""The demo: two busy clinics, the same on every machine."""
