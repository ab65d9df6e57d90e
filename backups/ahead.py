"""Reading ahead: the server sends rows while what came before is compressed and encrypted."""

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread

_MOST = 4  # chunks that wait
_LOOK = 0.1  # seconds after which the reader looks whether anybody still wants its chunks


class _Ahead:
    """Fills a queue from the iterator, in a thread of its own."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.queue: Queue[bytes | None] = Queue(_MOST)
        self.error: BaseException | None = None
        self._chunks, self._unwanted = chunks, Event()
        self._thread = Thread(target=self._read, name="reading ahead", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop reading, and wait until the reader is gone: the connection is free then."""
        self._unwanted.set()
        with suppress(Empty):
            while True:
                self.queue.get_nowait()
        self._thread.join()

    def _read(self) -> None:
        try:
            for chunk in self._chunks:
                if not self._put(chunk):
                    break
        except BaseException as error:  # noqa: BLE001  raised again by whoever takes the chunks
            self.error = error
        finally:
            close = getattr(self._chunks, "close", None)
            if close:
                close()
            self._put(None)

    def _put(self, chunk: bytes | None) -> bool:
        while not self._unwanted.is_set():
            with suppress(Full):
                self.queue.put(chunk, timeout=_LOOK)
                return True
        return False


def ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, read by a thread, at most a few ahead. What it raises is raised here."""
    reader = _Ahead(chunks)
    try:
        while (chunk := reader.queue.get()) is not None:
            yield chunk
        if reader.error:
            raise reader.error
    finally:
        reader.end()
