"""A run while it happens: how far it is, and what it has written so far."""

from app.live import LiveRun, LiveSample
from app.ui.html import draw, escaped, icon
from app.ui.trace import steps_html
from app.ui.words import duration
from reasoning.trace_steps import cut

_TAIL = 240
"""Characters of a lane that fit on its two or three lines."""


def draw_progress(run: LiveRun) -> None:
    """Tokens, speed, time gone and time left, in one line."""
    facts = [(f"{run.tokens:,}", "tokens")]
    if run.tokens_per_second:
        facts.append((f"{run.tokens_per_second:.0f}", "tokens a second"))
    facts.append((duration(run.elapsed), "elapsed"))
    if run.remaining is not None:
        facts.append((duration(run.remaining), "left at most"))
    line = "".join(f"<span><b>{escaped(value)}</b>{escaped(unit)}</span>" for value, unit in facts)
    draw(line, "sol-facts")


def draw_stream(run: LiveRun) -> None:
    """The text as it grows: one column for a single chain, one lane a sample for several, both for rounds."""
    if not run.samples:
        draw(f"{icon('menu_book')} Reading the note…", "sol-quiet")
    elif len(run.samples) == 1:
        draw(_chain(run.samples[0]))
    elif run.samples[-1].role:
        # Rounds follow each other: what is done in short, what is being written in full.
        draw(f'<div class="sol-lanes">{"".join(_lane(sample) for sample in run.samples[:-1])}</div>{_chain(run.samples[-1])}')
    else:
        draw(f'<div class="sol-lanes">{"".join(_lane(sample) for sample in run.samples)}</div>')


def _chain(sample: LiveSample) -> str:
    html = steps_html(cut(sample.thinking), writing=not sample.answer)
    if sample.answer:
        cursor = '<span class="sol-cursor" aria-hidden="true"></span>' if sample.finished is None else ""
        body = f"<b>Answer</b><div>{escaped(sample.answer)}{cursor}</div>"
        html += f'<section class="sol-step sol-step-open sol-answer">{body}</section>'
    return html


def _lane(sample: LiveSample) -> str:
    tokens = sample.thinking_tokens + sample.answer_tokens
    if sample.finished is not None:
        result = sample.finished.differential
        nothing = "Stopped" if sample.finished.finish == "cancelled" else "No readable answer"
        body = f"<b>{escaped(result.hypotheses[0].diagnosis)}</b>" if result else nothing
        return _lane_html(sample, f"{tokens} tokens, done", body, " sol-lane-done")
    text = sample.answer or sample.thinking
    phase = "answering" if sample.answer else "thinking"
    return _lane_html(sample, f"{tokens} tokens, {phase}", escaped(" ".join(text[-_TAIL:].split())), "")


def _lane_html(sample: LiveSample, state: str, body: str, extra: str) -> str:
    name = escaped(sample.role.capitalize()) or f"Sample {sample.sample + 1}"
    header = f"<header><b>{name}</b><span>{state}</span></header>"
    return f'<div class="sol-lane{extra}">{header}<p><span>{body}</span></p></div>'


def draw_place(run: LiveRun, waiting: int, evaluating: bool) -> None:
    """Where a waiting run stands in the queue; an evaluation finishes its batch before it gives the model away."""
    ahead = run.position
    place = "next" if ahead == 1 else f"number {ahead} of {max(waiting, ahead)}"
    why = (
        "An evaluation finishes its batch first, then runs go before it."
        if evaluating
        else "One run at a time uses the model; tabs take turns."
    )
    draw(f"{icon('hourglass_top')} Waiting for its turn: <b>{escaped(place)}</b>. {why}")
