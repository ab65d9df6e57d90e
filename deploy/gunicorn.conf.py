"""The web server: a few processes with threads, and the sum of their metrics on an internal port.

PORT (8000) and BIND_ADDRESS (127.0.0.1); WEB_CONCURRENCY processes of WEB_THREADS threads each;
METRICS_PORT (0: none) and METRICS_ADDRESS (127.0.0.1) for Prometheus.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from core.env import env_int, env_text


def _forget_metrics(master: int) -> None:
    """Delete the files at the master's end; workers inherit this call and do nothing."""
    if os.getpid() == master:
        shutil.rmtree(_METRICS, ignore_errors=True)


# Set before anything imports prometheus_client, which then decides where it keeps the numbers. A
# new master deletes them, because process ids are reused. A reload (SIGHUP) runs this file again
# and keeps them.
_METRICS = Path(
    os.environ.get("PROMETHEUS_MULTIPROC_DIR") or tempfile.mkdtemp(prefix="fisioflow-metrics-")
)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_METRICS)
if os.environ.get("METRICS_OF_PROCESS") != str(os.getpid()):
    os.environ["METRICS_OF_PROCESS"] = str(os.getpid())
    shutil.rmtree(_METRICS, ignore_errors=True)
    _METRICS.mkdir(mode=0o700, parents=True)
    atexit.register(_forget_metrics, os.getpid())

bind = f"{env_text('BIND_ADDRESS', '127.0.0.1')}:{env_int('PORT', default=8000)}"
worker_class = "gthread"
preload_app = True  # loaded once, shared by the processes
workers = env_int("WEB_CONCURRENCY", default=2, minimum=1)
threads = env_int("WEB_THREADS", default=4, minimum=1)
timeout = 60  # seconds without a sign of life from a process
graceful_timeout = 30  # seconds for requests under way at a stop
keepalive = 5  # seconds
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (a heartbeat file)
control_socket_disable = True  # nobody uses it


def when_ready(server: Arbiter) -> None:
    """Serve the metrics of all processes from the master, which outlives them."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    from backups.metrics import BackupCollector

    port = env_int("METRICS_PORT", default=0)
    if port:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(BackupCollector())
        address = env_text("METRICS_ADDRESS", "127.0.0.1")
        server.metrics_server, _thread = start_http_server(port, address, registry)


def post_fork(server: Arbiter, _worker: Worker) -> None:
    """Close the worker's copy of the metrics socket: it would keep the port of a dead master."""
    if hasattr(server, "metrics_server"):
        server.metrics_server.socket.close()


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Drop the gauges of a process that ended; its counters stay in the sums."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
