"""What a backup is: sealed objects, a signed manifest, and chains of them.

Readable with public tools, without this software (backups/store_readme).
"""
