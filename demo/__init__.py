"""The demo: two clinics at work, the same on every machine."""
