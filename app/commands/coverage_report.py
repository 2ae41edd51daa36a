"""What the knowledge base recognises in notes, as a person reads it in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.commands.drawing import console
from app.commands.plain import plain
from reasoning.coverage import Coverage, Missed, NoteCoverage
from reasoning.evaluation.metrics import Share

_STATED, _DENIED, _MISSED = "bold green", "bold red", "underline yellow"


def print_coverage(covered: Coverage, texts: Sequence[str], notes: int, rows: int) -> None:
    """The first notes with their marks, then what holds for all of them."""
    out = console()
    for note, text in zip(covered.notes[:notes], texts, strict=False):
        _print_note(out, note, text)
    if len(covered.notes) > notes:
        out.print(Text(f"{len(covered.notes) - notes} further notes are counted below and not shown; --notes shows them.", style="dim"))
        out.print()
    _print_shares(out, covered)
    for title, missed in (
        ("Commonest uncovered words", covered.missed_words),
        ("Commonest uncovered pairs of words (# is a number)", covered.missed_pairs),
    ):
        if missed:
            out.print(Text(f"{title}: {min(rows, len(missed))} of {len(missed)}", style="bold"))
            out.print(_missed(missed[:rows]), soft_wrap=False)
            out.print()
    out.print(_line(f"Findings that no note mentions ({len(covered.never_seen)}): ", covered.never_seen, rows), soft_wrap=False)
    if covered.diagnoses:
        lacking = [f"{name} ({number})" if number > 1 else name for name, number in covered.unknown_diagnoses]
        without = sum(number for _, number in covered.unknown_diagnoses)
        out.print(_line(f"Diagnoses without a condition ({without} of {covered.diagnoses} named): ", lacking, rows), soft_wrap=False)
    else:
        out.print(Text("The file names no diagnoses."))


def _print_note(out: Console, note: NoteCoverage, text: str) -> None:
    out.print(Text(f"{plain(note.id)}: {len(note.findings)} findings, {note.clauses.hits} of {note.clauses.n} clauses", style="bold"))
    out.print(marked(note, text), soft_wrap=False)
    if note.findings:
        out.print(_findings(note), soft_wrap=False)
    out.print(_line("Covered by nothing: ", list(dict.fromkeys(word.text for word in note.uncovered))), soft_wrap=False)
    out.print()


def _print_shares(out: Console, covered: Coverage) -> None:
    kinds = covered.words
    out.print(Text("1 note" if len(covered.notes) == 1 else f"{len(covered.notes)} notes", style="bold"))
    for words in (
        f"{_share(covered.recognised_clauses)} of the clauses that say something hold a finding",
        f"{_share(covered.recognised_words)} of the words that say something belong to one",
        f"words: {kinds.get('finding', 0)} of findings, {kinds.get('background', 0)} of background clauses, "
        f"{kinds.get('stop word', 0)} that state nothing, {kinds.get('mark', 0)} numbers, signs and degrees, "
        f"{kinds.get('uncovered', 0)} covered by nothing",
    ):
        out.print(Padding(Text(words), (0, 0, 0, 2)), soft_wrap=False)
    out.print()


def marked(note: NoteCoverage, text: str) -> Text:
    """The note with its findings marked in words and in colour, and uncovered words underlined."""
    marks = [
        (f.start, f.end, _STATED if f.stated else _DENIED, f" [{'stated' if f.stated else 'denied'}: {f.name}]") for f in note.findings
    ]
    marks += [(word.start, word.end, _MISSED, "") for word in note.uncovered]
    shown, place = Text(), 0
    for start, end, style, label in sorted(marks):
        shown.append(plain(text[place:start]))
        shown.append(plain(text[start:end]), style=style)
        shown.append(label, style=f"not bold {style.split()[1]}" if label else "")
        place = end
    return shown.append(plain(text[place:]))


def _findings(note: NoteCoverage) -> Table:
    table = Table("finding", "", "words", "characters", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for found in note.findings:
        style = _STATED if found.stated else _DENIED
        state = Text("stated" if found.stated else "denied", style=style)
        table.add_row(Text(found.name), state, Text(plain(" ".join(found.words.split()))), f"{found.start} to {found.end}")
    return table


def _missed(missed: Sequence[Missed]) -> Table:
    table = Table("words", "notes", "times", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for row in missed:
        table.add_row(Text(plain(row.words)), str(row.notes), str(row.times))
    return table


def _line(title: str, items: Sequence[str], most: int | None = None) -> Text:
    shown = items[:most]
    more = f", and {len(items) - len(shown)} more (--rows or --json shows them)" if len(shown) < len(items) else ""
    return Text.assemble((plain(title), "bold"), plain(", ".join(shown)) + more if items else "none")


def _share(share: Share) -> str:
    return f"{share.value:.1%} ({share.hits} of {share.n})"
