"""The written reasoning, in its steps, with the raw text one click away."""

from collections.abc import Sequence

import streamlit as st

from app.ui.html import draw, escaped
from app.ui.trace_lines import lines_html
from reasoning.events import BudgetForced
from reasoning.trace import Step, StepKind, Trace
from storage.values import StoredSample

NOT_THE_REASON = "Written reasoning may not reflect how the model decided: read it as a draft to check, not as proof."


def step_html(step: Step, still_open: bool = False) -> str:
    """One step: what kind it is, and its words without the heading line that says the same."""
    lines = step.text.strip("\n").splitlines()
    if lines and lines[0].lstrip().startswith("#"):
        lines = lines[1:]
    label = "Reasoning" if step.kind is StepKind.text else step.kind.value.capitalize()
    cursor = '<span class="sol-cursor" aria-hidden="true"></span>' if still_open else ""
    body = lines_html("\n".join(lines).strip("\n"))
    return f'<section class="sol-step{" sol-step-open" if still_open else ""}"><b>{label}</b><div>{body}{cursor}</div></section>'


def steps_html(trace: Trace, writing: bool = False) -> str:
    """All steps; while the model writes, the last one is open."""
    steps = [step for step in trace.steps if step.text.strip()]
    return f'<div class="sol-steps">{"".join(step_html(step, writing and step is steps[-1]) for step in steps)}</div>'


def draw_trace(samples: Sequence[StoredSample], forced: Sequence[BudgetForced] = ()) -> None:
    """The reasoning of a finished run; of a vote, of the sample that the reader chooses."""
    thinking = [sample for sample in samples if sample.trace.text.strip()]
    if not thinking:
        draw("This strategy answers at once: there is no written reasoning.", "sol-quiet")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = thinking[0]
        if len(thinking) > 1:
            chosen = st.selectbox("Sample", thinking, format_func=_sample_line, key="trace_sample", width=420) or thinking[0]
        raw = st.toggle("Raw text", key="trace_raw", help="Exactly what the model wrote, without cutting it into steps.")
    draw(" ".join((escaped(NOT_THE_REASON), *_interventions(chosen.sample, forced))), "sol-quiet")
    if raw:
        text = escaped(f"{chosen.trace.text}\n{chosen.answer}")
        draw(f'<div class="sol-raw" role="region" aria-label="Raw text" tabindex="0">{text}</div>')
    else:
        draw(steps_html(chosen.trace))


def _interventions(sample: int, forced: Sequence[BudgetForced]) -> list[str]:
    """What the strategy did to this sample's thinking: told it to go on, or closed it."""
    mine = [event for event in forced if event.sample == sample]
    continued = sum(event.action == "continued" for event in mine)
    found = [f"It was told to go on {continued} times." if continued > 1 else "It was told to go on once."] if continued else []
    if any(event.action == "repeated" for event in mine):
        found.append("It was not told so again, because it repeated itself.")
    closed = next((event for event in mine if event.action == "closed"), None)
    return [*found, f"Its thinking was closed at the limit of {closed.thinking_tokens:,} tokens."] if closed else found


def _sample_line(sample: StoredSample) -> str:
    first = sample.differential.hypotheses[0].diagnosis if sample.differential else "no readable answer"
    return f"Sample {sample.sample + 1}: {first} ({sample.usage.thinking_tokens} thinking tokens)"
