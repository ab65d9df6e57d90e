"""What stops the development stack, told to the person at the prompt."""


class StackError(Exception):
    """Something that the stack needs failed; the message says what to do next."""


def log_tail(text: str, *, lines: int = 15) -> str:
    """The last `lines` of a log, indented to stand below a message."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
