"""The format of backups: sealed objects, a signed manifest, and chains of them.

Backups can be read with public tools, without this software (backups/store_readme).
"""
