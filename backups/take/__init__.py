"""Taking a backup: one snapshot of a clinic becomes a full or an increment in the store.

Start reading at `making.backup_make`.
"""
