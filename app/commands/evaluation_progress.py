"""How far an evaluation is: a bar on a terminal, and now and then a line where stderr is a file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from app.commands.drawing import console
from app.commands.plain import plain

if TYPE_CHECKING:
    from reasoning.evaluation.suite import Progress

_EVERY = 10.0


@contextmanager
def shown() -> Iterator["Callable[[Progress], None]"]:
    """What draws progress on stderr for as long as it is open."""
    err = console(err=True)
    if not err.is_terminal:
        yield _in_lines(lambda line: err.print(line))
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Loading the model", total=None)
        yield lambda progress: bar.update(task, description=_words(progress), completed=progress.done, total=progress.of)


def _in_lines(write: Callable[[str], object]) -> "Callable[[Progress], None]":
    said = 0.0

    def tell(progress: "Progress") -> None:
        nonlocal said
        now = time.monotonic()
        if progress.done == progress.of or now - said >= _EVERY:
            said = now
            write(f"{progress.done} of {progress.of} answers; {_words(progress)}")

    return tell


def _words(progress: "Progress") -> str:
    return plain(f"{progress.arm}: {progress.right} of {progress.answered} right") if progress.arm else "Loading the model"
