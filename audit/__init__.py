"""The audit trail: histories that the database writes, events without content, and their proof.

The rooms, in the order in which a row travels from the database's trigger to the page:

- `capture`: what is tracked, and the triggers that write it into histories.
- `events`: what changes no row: views, exports, sign-ins, refusals.
- `seals`: hashes of histories and events in a chain, and the proof that they are whole.
- `trail`: histories and events as one feed, in the API, the admin and files.

A room imports only the ones above it in this list; `seals` and `trail` don't know each other.
"""
