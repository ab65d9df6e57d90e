"""The type of a file, found from its first bytes and not its name; and a name that fits the type.

Signatures: ISO 32000-1 7.5.2 (PDF), RFC 2083 3.1 (PNG), ITU-T T.81 B.1 (JPEG), DICOM PS3.10 7.1.
"""

import re
import unicodedata

PDF, PNG, JPEG, DICOM = "application/pdf", "image/png", "image/jpeg", "application/dicom"
# Offset, signature, and extensions; a name without any of them gets the first.
_TYPES: dict[str, tuple[int, bytes, tuple[str, ...]]] = {
    PDF: (0, b"%PDF-", ("pdf",)),
    PNG: (0, b"\x89PNG\r\n\x1a\n", ("png",)),
    JPEG: (0, b"\xff\xd8\xff", ("jpg", "jpeg")),
    DICOM: (128, b"DICM", ("dcm",)),
}
CONTENT_TYPES = frozenset(_TYPES)
HEAD = 132  # bytes that `content_type_of` looks at
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff<>:"|?*;%]')


def content_type_of(head: bytes) -> str | None:
    """The media type that the first HEAD bytes prove, or None."""
    for content_type, (offset, signature, _) in _TYPES.items():
        if head[offset : offset + len(signature)] == signature:
            return content_type
    return None


def tidy_file_name(given: str, content_type: str, longest: int) -> str:
    """The name without folders and unsafe characters, with an extension that fits the type."""
    base = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("", base).strip(" .")

    extensions = _TYPES[content_type][2]
    stem, _, extension = name.rpartition(".")
    if stem and extension.lower() in extensions:
        suffix = f".{extension}"
    else:
        stem, suffix = name or "document", f".{extensions[0]}"
    return stem[: longest - len(suffix)].strip(" .") + suffix
