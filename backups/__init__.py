"""Backups of one clinic: sealed, signed, and readable with public tools only.

The rooms, from the door to the database. Imports only go down this list:

management/, tasks, admin, metrics   the doors: commands, the schedule's tasks, pages, gauges
restore/                             builds a schema from a chain of backups, and gives it its place
take/                                makes a backup: a full, or an increment that continues a chain
keep/                                verifies backups, and removes them past the retention
schedule, runs                       when backups are due, and what was run, in the directory
installation                         the store and the keys, as the settings name them
snapshot/                            reads one clinic: its rows, its files, its directory record
store_readme/                        the page and the scripts in every store, for people
format/                              sealed objects, signed manifests, chains of backups
stores/                              keys and bytes, in a folder or a bucket
models, errors, progress             the floor
"""
