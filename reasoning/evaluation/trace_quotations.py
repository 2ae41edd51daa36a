"""The words that free reasoning claims to quote from the note, and whether the note has them."""


def trace_quotations(text: str) -> list[str]:
    """What a trace says the note says: `+ wording = finding` lines, and words in double quotes, without the blanks around them."""
    lines = [line[2:].rsplit(" = ", 1)[0] for line in text.splitlines() if line[:2] in ("+ ", "- ") and " = " in line]
    quoted = [part for line in text.splitlines() if line[:2] not in ("+ ", "- ") for part in line.split('"')[1::2]]
    return [words for part in (*lines, *quoted) if (words := part.strip())]
