"""Objects of the store, compressed (zstd) and then encrypted (age), with bounded memory.

`seal` pulls the content from an iterable, `unseal` pushes it into a function. So nobody can mistake
an end of file for success: `unseal` returns once every byte, hash and length is checked, or raises.
"""

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pyrage
from backports import zstd

from backups.errors import WrongContent, WrongKey
from backups.format.keys import Identity, Recipient
from backups.format.objects import CHUNK, CheckedReader, Digest, SealedObject, Tally
from backups.stores import Store

HELD_BACK = 64 * 1024  # bytes
_GATHERED = 64 * 1024  # bytes compressed at once, at least; rows come one by one
_OPTIONS: dict[int, int] = {
    # Takes half the time of level 3, and a clinic's rows get as small.
    zstd.CompressionParameter.compression_level: 1,
    zstd.CompressionParameter.checksum_flag: 1,
}
_LIMITS: dict[int, int] = {
    zstd.DecompressionParameter.window_log_max: 23
}  # 8 MiB: an object that needs more isn't ours


def seal(
    store: Store, key: str, chunks: Iterable[bytes], recipients: list[Recipient]
) -> SealedObject:
    """Write the chunks under `key`, sealed for the recipients: the whole object or nothing.

    A chunk should be a few MiB at most. Raises StoreError, and whatever the iterable raises.
    """
    stored = Tally()

    with store.writing(key) as writer:

        def write(data: bytes) -> int:
            stored.add(data)
            return writer.write(data)

        source = _Compressed(iter(chunks))
        _through_age(pyrage.encrypt_io, source.read, write, recipients)

    return SealedObject(key=key, stored=stored.digest, content=source.content.digest)


def unseal(
    store: Store, item: SealedObject, identities: list[Identity], sink: Callable[[bytes], object]
) -> None:
    """Push the content into `sink`, a chunk at a time, in the caller's thread.

    The last HELD_BACK bytes come only after everything was checked, so that a script whose last
    line commits can't commit incomplete data. What comes before is authentic, but the caller must
    be able to undo what it did with it.

    Raises StoreError, CutShort, TrailingBytes, Altered, WrongKey, WrongContent, and whatever the
    sink raises.
    """
    with store.reading(item.key) as reader:
        stored = CheckedReader(item.key, reader, item.stored)
        content = _Decompressed(sink, item.content)

        try:
            _through_age(pyrage.decrypt_io, stored.read, content.write, identities)
            content.check()
        except _Refused as refused:
            stored.check()  # damage explains every refusal; the next lines are for whole objects
            raise (WrongKey if refused.no_identity_fits else WrongContent)(item.key) from refused
        stored.check()

    content.release()


class _Refused(Exception):
    """age or zstd can't make sense of the bytes."""

    no_identity_fits = False


class _Compressed:
    """The chunks, compressed, as age reads them."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._zstd = zstd.ZstdCompressor(options=_OPTIONS)
        self._ready, self._at, self._ended = b"", 0, False
        self.content = Tally()

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        while self._at == len(self._ready) and not self._ended:
            gathered = self._gather()
            self.content.add(gathered)
            self._ended = not gathered
            self._at = 0
            self._ready = self._zstd.compress(gathered) if gathered else self._zstd.flush()

        data = self._ready[self._at : self._at + size]
        self._at += len(data)
        return data

    def _gather(self) -> bytes:
        """The next chunks: small ones joined, a large one without a copy."""
        gathered = bytearray()

        for chunk in self._chunks:
            if not gathered and len(chunk) >= _GATHERED:
                return chunk
            gathered += chunk
            if len(gathered) >= _GATHERED:
                break

        return bytes(gathered)


class _Decompressed:
    """Decompresses what age writes into the sink, except the last HELD_BACK bytes."""

    def __init__(self, sink: Callable[[bytes], object], expected: Digest) -> None:
        self._sink, self._expected = sink, expected
        self._zstd = zstd.ZstdDecompressor(options=_LIMITS)
        self._held = b""
        self._tally = Tally()

    def write(self, data: bytes) -> int:
        """Take some of the compressed bytes."""
        length = len(data)

        try:
            while data or not (self._zstd.needs_input or self._zstd.eof):
                self._take(self._zstd.decompress(data, max_length=CHUNK))
                data = b""
        except (zstd.ZstdError, EOFError) as error:  # EOFError: bytes after the frame's end
            raise _Refused from error

        if self._zstd.unused_data or self._tally.length > self._expected.length:
            raise _Refused

        return length

    def check(self) -> None:
        """Raises _Refused unless the content is complete and right."""
        if not self._zstd.eof or self._tally.digest != self._expected:
            raise _Refused

    def release(self) -> None:
        """Push the bytes that were held back."""
        if self._held:
            self._sink(self._held)

    def _take(self, data: bytes) -> None:
        self._tally.add(data)
        pending = self._held + data
        self._held = pending[-HELD_BACK:]
        if len(pending) > HELD_BACK:
            self._sink(pending[:-HELD_BACK])


def _through_age(
    transform: Callable[..., None],
    read: Callable[[int], bytes],
    write: Callable[[bytes], int],
    keys: list[Any],
) -> None:
    """Run encrypt_io or decrypt_io. Exceptions of `read` and `write` come out unchanged.

    Raises _Refused when age refuses.
    """
    raised: list[BaseException] = []

    def kept(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def keep(argument: Any) -> Any:
            try:
                return call(argument)
            except BaseException as error:
                raised.append(error)  # pyrage turns it into an error of its own
                raise

        return keep

    source = SimpleNamespace(read=kept(read))
    sink = SimpleNamespace(write=kept(write), flush=lambda: None)

    try:
        transform(source, sink, keys)
    except Exception as error:
        if raised:
            raise raised[0] from None

        refused = _Refused(str(error))
        refused.no_identity_fits = "No matching keys" in str(error)
        raise refused from error
