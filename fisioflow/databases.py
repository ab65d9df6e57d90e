"""settings.DATABASES: the directory and the shards, each with the owner's login if it is set."""

from typing import Any

from core.env import env_database, env_int, env_text, shard_numbers


def _database(variable: str) -> dict[str, Any]:
    database = env_database(variable)
    database["ENGINE"] = "tenants.postgresql"
    database["CONN_HEALTH_CHECKS"] = True
    database["OPTIONS"] = {"connect_timeout": "2", **database["OPTIONS"]}

    pool_size = env_int("DATABASE_POOL_SIZE", default=0)  # 0: one connection per thread
    if pool_size:
        # Connections live a limited time: each remembers every table of every clinic it served.
        life = env_int("CONN_MAX_AGE", default=300)
        pool = {"min_size": 0, "max_size": pool_size, "timeout": 2, "max_lifetime": life}
        database["OPTIONS"]["pool"] = pool
    else:
        database["CONN_MAX_AGE"] = env_int("CONN_MAX_AGE", default=300)  # seconds
    return database


def _owner(variable: str) -> dict[str, Any]:
    """The owner's login, for processes that may change schemas (tenants.postgresql.owner)."""
    return {"OWNER": env_database(variable) if env_text(variable, "") else None}


def databases() -> dict[str, dict[str, Any]]:
    """The setting, from the environment."""
    return {
        "default": _database("DATABASE_URL") | _owner("DATABASE_OWNER_URL"),
        **{
            f"shard_{n}": _database(f"SHARD_{n}_URL") | _owner(f"SHARD_{n}_OWNER_URL")
            for n in shard_numbers()
        },
    }
