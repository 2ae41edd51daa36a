"""Lines of a trace that have a fixed form, set so that they can be scanned; every other line is shown as it is."""

import re

from app.ui.html import escaped

_FINDING = re.compile(r"^([+-]) (.+) = (.+)$")
_WEIGHED = re.compile(r"^(.{2,120}?): for (.*?) \| against (.*?) \| not stated (.*?)(?: => (.*))?$")


def lines_html(text: str) -> str:
    """The text as HTML, everything in it escaped."""
    return "".join(_line(line) for line in text.splitlines())


def _line(line: str) -> str:
    if finding := _FINDING.match(line):
        present = finding[1] == "+"
        name = escaped(finding[3]) if present else f"no {escaped(finding[3])}"
        return (
            f'<div class="sol-finding"><span>{"+" if present else "−"}</span><span>“{escaped(finding[2])}”</span><span>{name}</span></div>'
        )
    if weighed := _WEIGHED.match(line):
        sides = (("for", weighed[2]), ("against", weighed[3]), ("not stated", weighed[4]))
        body = "".join(f"<span><i>{label}</i> {escaped(words)}</span>" for label, words in sides)
        word = f" <em>{escaped(weighed[5])}</em>" if weighed[5] else ""
        return f'<div class="sol-weighed"><b>{escaped(weighed[1])}</b>{word}{body}</div>'
    return f"<div>{escaped(line) or '&nbsp;'}</div>"
