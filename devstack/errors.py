"""Errors that tell the person at the prompt why the development stack can't go on."""


class StackError(Exception):
    """Something that the stack needs has failed; the message says what to do next."""


def log_tail(text: str, *, lines: int = 15) -> str:
    """The last `lines` of a log, indented below a message."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
