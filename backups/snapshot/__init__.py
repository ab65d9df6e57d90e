"""Reading one clinic: its rows in one snapshot, its files, its record in the directory.

Also the locks that keep it still meanwhile. Restores read a clinic's tables the same way.
"""
