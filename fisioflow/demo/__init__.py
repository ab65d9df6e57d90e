"""The demo: two clinics with people, patients and a month's agenda, the same on every machine."""
