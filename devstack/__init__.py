"""The embedded development stack: PostgreSQL and Redis from wheels, for `make up` and the tests."""
