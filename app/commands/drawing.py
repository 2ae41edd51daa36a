"""A run drawn on a terminal while it happens."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.text import Text as Words

from app.commands.plain import plain
from reasoning.events import Concluded, Event, SampleFinished, SampleStarted, Started, Text

_EVERY = 10.0


def console(*, err: bool = False) -> Console:
    """A console that takes nothing in a text for markup."""
    return Console(stderr=err, markup=False, emoji=False, highlight=False, soft_wrap=True)


def draw_live(out: Console) -> Callable[[Event], None]:
    """Shows the thinking of one sample at a time as it is written, dimmed, and one line for every other one that is done.

    The one that is shown is the first that begins while no other is at work: the first of a vote, every round of a revision.
    """
    waiting: list[Words] = []
    at_work: set[int] = set()
    watched: int | None = None
    written = ""

    def take(event: Event) -> None:
        nonlocal watched, written
        match event:
            case Started():
                out.print(_quiet(f"{event.strategy}, {_samples(event.samples)}"))
            case SampleStarted():
                if not at_work:
                    watched, written = event.sample, ""
                    if event.role:
                        out.print(_quiet(event.role))
                at_work.add(event.sample)
            case Text(phase="thinking") if event.sample == watched:
                # Forced text is the strategy's own, such as "Wait": the reader must see that the model did not choose it.
                out.print(Words(plain(event.text), style="dim italic underline" if event.forced else "dim"), end="")
                written += event.text
            case SampleFinished():
                at_work.discard(event.sample)
                if event.sample == watched:
                    watched = None
                    if written and not written.endswith("\n"):
                        out.print()
                    out.print(_line(event))
                    for line in waiting:
                        out.print(line)
                    waiting.clear()
                elif watched is None:
                    out.print(_line(event))
                else:
                    waiting.append(_line(event))
            case Concluded():
                out.print()
            case _:
                pass

    return take


def tell_progress(err: Console) -> Callable[[Event], None]:
    """For stdout that must stay clean: a line for each sample that is done, and now and then how far the others are."""
    tokens, said = 0, time.monotonic()

    def take(event: Event) -> None:
        nonlocal tokens, said
        match event:
            case Started():
                err.print(_quiet(f"{event.strategy}, {_samples(event.samples)}"))
            case SampleStarted():
                said = time.monotonic()
            case Text():
                tokens += event.tokens
                if time.monotonic() - said >= _EVERY:
                    said = time.monotonic()
                    err.print(_quiet(f"{tokens} tokens written"))
            case SampleFinished():
                err.print(_line(event))
            case _:
                pass

    return take


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count} samples"


def _line(event: SampleFinished) -> Words:
    first = event.differential.hypotheses[0].diagnosis if event.differential and event.differential.hypotheses else "no readable answer"
    ending = {"stop": "", "length": ", cut at the answer limit", "cancelled": ", stopped"}[event.finish]
    usage = event.usage
    return _quiet(f"sample {event.sample + 1}: {first} ({usage.thinking_tokens} thinking and {usage.answer_tokens} answer tokens{ending})")


def _quiet(text: str) -> Words:
    return Words(plain(text), style="bright_black")
