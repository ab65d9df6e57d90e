"""The demo: two clinics with people, patients, a month's agenda and exercises, the same on every machine."""
