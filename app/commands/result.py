"""A finished run as a person reads it in a terminal."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.commands.plain import plain
from app.notices import DEMONSTRATION
from reasoning.differential import Differential, Hypothesis, Quotation
from reasoning.engines.engine import ModelCard
from reasoning.events import Voted
from reasoning.report import RunResult


def print_result(out: Console, result: RunResult, card: ModelCard, run_id: str, saved: bool) -> None:
    """The differential, what to know before trusting it, and where it comes from."""
    if result.differential is not None:
        _print_differential(out, result.differential)
    if result.voted is not None:
        _print_votes(out, result.voted)
    for warning in result.warnings:
        _say(out, Text("!", style="yellow"), plain(warning))
    if card.demonstration:
        _say(out, Text("!", style="yellow"), DEMONSTRATION)
    out.print()
    out.print(Text(plain(origin(result, card, run_id, saved)), style="bright_black"), soft_wrap=False)


def origin(result: RunResult, card: ModelCard, run_id: str, saved: bool) -> str:
    """Model, strategy, quantisation, seed and run id in one line."""
    started = result.started
    strategy = started.strategy if started else ""
    inner = started.parameters.get("inner") if started else None
    parts = [
        f"model {card.id}",
        f"strategy {strategy}{f' of {inner}' if inner else ''}{' (tuned)' if started and started.tuned else ''}",
        f"quantisation {card.quantization}",
        card.device,
        _sampling(started.parameters) if started else "",
        f"seed {result.samples[0].seed}" if result.samples else "",
        f"{result.usage.generated_tokens} tokens in {result.usage.seconds:.1f} s",
        f"run {run_id}" if saved else f"run {run_id} (not saved)",
    ]
    return " · ".join(part for part in parts if part)


def _sampling(parameters: Mapping[str, object]) -> str:
    budget = parameters.get("budget")
    return str(budget.get("sampling_source", "")).partition(";")[0] if isinstance(budget, dict) else ""


def _print_differential(out: Console, differential: Differential) -> None:
    out.print(Text("Differential", style="bold"))
    for hypothesis in differential.hypotheses:
        out.print()
        out.print(_head(hypothesis), soft_wrap=False)
        low, high = hypothesis.likelihood.band
        likelihood = f"{hypothesis.status.value}, {hypothesis.likelihood.value} ({low} to {high} %; {_source(hypothesis)})"
        out.print(Padding(Text(likelihood), (0, 0, 0, 4)), soft_wrap=False)
        for label, words in _ground(hypothesis):
            _say(out, label, words, indent=4)
    out.print()
    dangers = [plain(h.diagnosis) for h in differential.hypotheses if h.cannot_miss]
    if dangers:
        _say(out, Text("Can't miss, however likely:", style="bold red"), ", ".join(dangers))
    if differential.unexplained:
        _say(out, Text("Unexplained:", style="bold"), "; ".join(_words(q) for q in differential.unexplained))
    if differential.next_step:
        _say(out, Text("Next most useful step:", style="bold"), plain(differential.next_step))


def _head(hypothesis: Hypothesis) -> Text:
    head = Text(f"{hypothesis.rank:>2}. ")
    head.append(plain(hypothesis.diagnosis), style="bold")
    head.append(f"  {hypothesis.icd10}" if hypothesis.icd10 else "  no code", style="bright_black")
    if hypothesis.cannot_miss:
        head.append("  can't miss", style="bold red")
    return head


def _source(hypothesis: Hypothesis) -> str:
    votes = hypothesis.votes
    if votes is None:
        return hypothesis.likelihood_source
    share = f"first in {votes.first} and listed in {votes.listed} of {votes.samples} samples"
    return f"vote share: {share}" if hypothesis.likelihood_source == "vote share" else f"{hypothesis.likelihood_source}; {share}"


def _ground(hypothesis: Hypothesis) -> Iterator[tuple[Text, str]]:
    yield from _evidence("for", hypothesis.supporting)
    yield from _evidence("against", hypothesis.refuting)
    if hypothesis.missing:
        yield Text("missing", style="bright_black"), plain("; ".join(hypothesis.missing))
    if hypothesis.settling_test:
        yield Text("settled by", style="bright_black"), plain(hypothesis.settling_test)


def _evidence(side: str, quotations: Iterable[Quotation]) -> Iterator[tuple[Text, str]]:
    for quotation in quotations:
        mark = ("✓", "green") if quotation.verified else ("✗", "yellow")
        yield Text.assemble(mark, (f" {side}", "bright_black")), _words(quotation)


def _words(quotation: Quotation) -> str:
    # A quotation may run over a line break of the note.
    quote = f'"{plain(" ".join(quotation.quote.split()))}"'
    return quote if quotation.verified else f"{quote} (not found in the note)"


def _print_votes(out: Console, voted: Voted) -> None:
    rows = ", ".join(f"{plain(row.diagnosis)} {row.first}" for row in voted.rows if row.first)
    _say(out, Text("First votes:", style="bold"), f"{rows} (n = {voted.samples})")


def _say(out: Console, label: Text, words: str, indent: int = 0) -> None:
    """A label and words; what does not fit on the line goes on below the words."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column()
    row.add_row(label, Text(words))
    out.print(Padding(row, (0, 0, 0, indent)), soft_wrap=False)
