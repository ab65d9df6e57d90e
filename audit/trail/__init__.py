"""The trail as people read it: one feed of histories and events, in API, admin and files."""
