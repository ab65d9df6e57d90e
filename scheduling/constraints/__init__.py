"""The agenda's rules that the database holds, by constraint name."""

from scheduling.constraints import appointments, hours, rooms, series

RULES = appointments.RULES | rooms.RULES | hours.RULES | series.RULES
