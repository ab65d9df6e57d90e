"""`/healthz/live`: the process answers. `/healthz/ready`: the directory answers too.

Both are answered on every host, before any clinic is looked for: a probe knows no clinic. A shard
that is down doesn't make the service unready, because the other shards' clinics still work.
"""

from collections.abc import Callable

from django.core.cache import cache
from django.db import Error, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from tenants.context import DIRECTORY


class HealthMiddleware:
    """Answers the two probes and passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz/live":
            return JsonResponse({"status": "ok"})
        if request.path == "/healthz/ready":
            return ready()
        return self.get_response(request)


def ready() -> JsonResponse:
    """200 if requests can be served, 503 otherwise, with each check by name. Redis is optional."""
    checks = {"directory": _directory_answers(), "cache": _cache_answers()}
    status = 200 if checks["directory"] else 503
    return JsonResponse(
        {"status": "ok" if status == 200 else "unavailable", "checks": checks}, status=status
    )


def _directory_answers() -> bool:
    try:
        with connections[DIRECTORY].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connections[DIRECTORY].close()
        return False
    return True


def _cache_answers() -> bool:
    cache.set("healthz", "ok", timeout=10)
    return bool(cache.get("healthz") == "ok")
