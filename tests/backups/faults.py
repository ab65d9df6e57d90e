"""A proxy before an S3, with the faults of networks and servers on bad days."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["refuse", "lose the answer", "cut the answer", "never answer", "answer slowly"]


class FaultyProxy:
    """Forwards every request, except those that `fail` spoils."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.released = threading.Event()
        self.seen: list[str] = []
        self._faults: list[tuple[str, str, Fault]] = []
        self._lock = threading.Lock()

    def fail(self, what: Fault, method: str, query: str = "", times: int = 1) -> None:
        """Spoil the next `times` requests of the method whose target contains `query`."""
        self._faults += [(method, query, what)] * times

    def next_fault(self, method: str, target: str) -> Fault | None:
        with self._lock:
            self.seen.append(f"{method} {target}")
            for fault in self._faults:
                if fault[0] == method and fault[1] in target:
                    self._faults.remove(fault)
                    return fault[2]
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault(self.command, self.path)
        self.close_connection = fault is not None

        if fault == "never answer":
            self.proxy.released.wait(timeout=60)
        elif fault == "refuse":
            self.answer(500, {}, b"")
        else:
            status, headers, content = self.ask_upstream(body)
            if fault == "cut the answer":
                content = content[: len(content) // 2]
            if fault != "lose the answer":
                self.answer(status, headers, content, slowly=fault == "answer slowly")

    def ask_upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers))
        response = upstream.getresponse()
        content = response.read()
        upstream.close()
        hop_by_hop = {"transfer-encoding", "connection", "content-length"}
        headers = {
            name: value for name, value in response.getheaders() if name.lower() not in hop_by_hop
        }
        length = response.getheader("Content-Length") if self.command == "HEAD" else None

        return response.status, headers | {"Content-Length": length or str(len(content))}, content

    def answer(
        self, status: int, headers: dict[str, str], content: bytes, *, slowly: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        pieces = 20 if slowly else 1
        size = -(-len(content) // pieces) or 1

        for at in range(0, len(content), size):
            if slowly:
                time.sleep(0.05)
            self.wfile.write(content[at : at + size])

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815  http.server's names

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[tuple[FaultyProxy, str]]:
    """The proxy and its address."""
    proxy = FaultyProxy(upstream)
    handler = type("ProxyHandler", (Handler,), {"proxy": proxy})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    try:
        yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        proxy.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
