"""The exercise library, what is prescribed from it, and what the patients did of it."""
