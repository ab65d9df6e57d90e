"""Seals: hashes of histories and events in a chain, and the proof that nothing was changed."""
