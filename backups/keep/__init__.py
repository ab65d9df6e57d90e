"""Keeping backups: verifying that they are whole, and removing them when their time has passed."""
