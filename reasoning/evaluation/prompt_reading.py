"""What a prompt of another evaluation program asks: the case, its question, and the options that it lists."""

import re
from dataclasses import dataclass

from cases.benchmarks import LETTERS
from cases.benchmarks.question import split_question

_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*)$")
# A paragraph that tells in which form to answer, as the templates of inspect_ai do: 'ANSWER: $LETTER'.
_ABOUT_THE_FORM = re.compile(r"\bANSWER:\s*\$[A-Z]")


@dataclass(frozen=True)
class Asked:
    """A case in words, the question put at its end if there is one, and the options in letter order; none in free form."""

    text: str
    question: str | None = None
    options: tuple[str, ...] = ()


def read_prompt(prompt: str) -> Asked:
    """The case of a prompt. Options are the last lines that run from A on ("A) ...", "B. ..."); what stands behind them is left out."""
    lines = prompt.splitlines()
    place, options = _options(lines)
    above = "\n".join(lines[:place])
    paragraphs = [part for part in re.split(r"\n\s*\n", above) if not _ABOUT_THE_FORM.search(part)]
    text, question = split_question("\n\n".join(paragraphs))
    return Asked(text, question, options)


def write_prompt(text: str, options: tuple[str, ...] = ()) -> str:
    """A prompt that `read_prompt` reads as this text and these options, each put on one line."""
    return "\n".join(
        [text, *([""] if options else []), *(f"{letter}) {' '.join(o.split())}" for letter, o in zip(LETTERS, options, strict=False))]
    )


def _options(lines: list[str]) -> tuple[int, tuple[str, ...]]:
    """(line of the first option, their texts); (number of lines, ()) when there are not at least two."""
    found = [(place, match[1], match[2].strip()) for place, line in enumerate(lines) if (match := _OPTION.match(line))]
    begins = [number for number, (_, letter, _) in enumerate(found) if letter == "A"]
    for begin in reversed(begins):
        run = [found[begin]]
        for row in found[begin + 1 :]:
            if row[1] != LETTERS[len(run)] or any(line.strip() for line in lines[run[-1][0] + 1 : row[0]]):
                break
            run.append(row)
        if len(run) > 1:
            return run[0][0], tuple(text for _, _, text in run)
    return len(lines), ()
