"""Is it alive, and can it work? `/readyz` really asks PostgreSQL, Redis and a worker."""

import secrets
import time
from collections.abc import Callable

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)
WORKER_ANSWERS_WITHIN = 3.0


def answer(key: str) -> None:
    """Called by a worker: leave the answer where the probe looks for it."""
    cache.set(key, "pong", timeout=30)


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    key = f"ready-{secrets.token_hex(8)}"
    cache.set(key, "1", timeout=10)
    if cache.get(key) != "1":
        raise RuntimeError("the cache forgot")


def ask_worker() -> None:
    key = f"ping-{secrets.token_hex(8)}"
    current_app.send_task("ssp.core.tasks.ping", kwargs={"key": key}, retry=False, expires=10)
    deadline = time.monotonic() + WORKER_ANSWERS_WITHIN
    while cache.get(key) != "pong":
        if time.monotonic() > deadline:
            raise TimeoutError("no worker answered")
        time.sleep(0.02)


CHECKS: dict[str, Callable[[], None]] = {"database": ask_database, "redis": ask_redis, "worker": ask_worker}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing about what it needs."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL, Redis and a worker answered, else 503 naming what didn't."""
    found: dict[str, str] = {}
    for name, ask in CHECKS.items():
        try:
            ask()
            found[name] = "ok"
        except Exception as failure:  # any reason makes it not ready; the log has the type
            log.warning("readyz.failed", part=name, error=type(failure).__name__)
            found[name] = "failed"
    ready = set(found.values()) == {"ok"}
    return JsonResponse({"status": "ok" if ready else "failed", **found}, status=200 if ready else 503)
