"""The database backend (`ENGINE`)."""
