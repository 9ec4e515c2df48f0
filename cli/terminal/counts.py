"""Numbers of things in words."""


def counted(number: int, noun: str) -> str:
    """Return "1 document", or "2 documents" of the noun "document"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
