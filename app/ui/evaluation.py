"""One evaluation on the screen: waiting, at work, or over. The page only looks; closing it changes nothing."""

import streamlit as st

from app import services
from app.evaluating import OVER, LiveEvaluation
from app.evaluation_folders import Earlier, folder_of, go_on, read_earlier
from app.ui.address import show_evaluations
from app.ui.evaluation_form import put_in_line
from app.ui.evaluation_report import draw_report
from app.ui.html import draw, escaped, heading, icon, message, tag
from app.ui.side_by_side import Line, draw_side_by_side
from app.ui.words import duration
from cases.case import CaseError
from reasoning.evaluation.report.tables import Cell
from reasoning.evaluation.suite import SuiteError
from reasoning.strategies import StrategyError

_WATCH_SECONDS = 1.0


def draw_evaluation(id: str) -> None:
    """The evaluation with this id, whoever began it and wherever it is now."""
    known = read_earlier(services.settings().home, id)
    if known is None:
        message("warning", "There is no evaluation with this address.", "Open it from the list, or start a new one.")
        st.button("All evaluations", icon=":material/arrow_back:", on_click=show_evaluations)
        return
    live = services.queue().evaluations.live(id)
    if live is not None and live.state not in OVER:
        _draw_live(known, live)
    else:
        _draw_over(known, live)


def _header(known: Earlier, status: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        cases = tag(f"{known.plan.items:,} case{'s' if known.plan.items != 1 else ''}")
        heading(f"Evaluation on {known.plan.dataset}", beside=status + cases)
        st.button("All evaluations", icon=":material/arrow_back:", on_click=show_evaluations)


def _draw_live(known: Earlier, live: LiveEvaluation) -> None:
    _header(known, tag("Running" if live.position == 0 else "Waiting", "running"))
    # Above the part that is redrawn: it must never move away from under the pointer.
    words = "Stopping…" if live.stopping else "Stop"
    st.button(
        words, key="stop_evaluation", icon=":material/stop_circle:", type="primary", disabled=live.stopping, on_click=_stop, args=(live.id,)
    )
    _watch(live.id, live.position > 0)


def _stop(id: str) -> None:
    services.queue().evaluations.stop(id)


@st.fragment(run_every=_WATCH_SECONDS)
def _watch(id: str, drawn_waiting: bool) -> None:
    live = services.queue().evaluations.live(id)
    if live is None or live.state in OVER or (live.position > 0) != drawn_waiting:
        st.rerun()
        return
    if services.queue().engine_status().state == "loading":
        draw(f"{icon('hourglass_top')} The model is being loaded: seconds for a small one, minutes for a large one.")
    elif live.position:
        draw(f"{icon('hourglass_top')} Waiting: another evaluation is at work, and this one begins by itself after it.")
    elif live.held_up and services.queue().busy():
        draw(f"{icon('low_priority')} A run goes first; the evaluation goes on by itself when nobody waits for the model.")
    _draw_progress(live)


def _draw_progress(live: LiveEvaluation) -> None:
    facts = [(f"{live.done:,} of {live.of:,}", "answers")]
    if live.tokens_per_second is not None:
        facts.append((f"{live.tokens_per_second:,.0f}", "tokens a second"))
    facts.append((duration(live.elapsed), "of the model’s time"))
    if live.remaining:
        facts.append((duration(live.remaining), "left at this pace"))
    draw("".join(f"<span><b>{escaped(value)}</b>{escaped(unit)}</span>" for value, unit in facts), "sol-facts")
    done = 100 * live.done / live.of if live.of else 0.0
    draw(
        f'<div class="sol-progress" role="progressbar" aria-label="Answers so far" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{done:.0f}"><i style="width:{done:.1f}%"></i></div>'
    )
    draw_side_by_side(Line(Cell(arm.title), live.items, arm.share, arm.unreadable) for arm in live.arms)


def _draw_over(known: Earlier, live: LiveEvaluation | None) -> None:
    _header(known, tag("Finished", "finished") if known.complete else tag("Unfinished", "interrupted"))
    if live is not None and live.state == "failed":
        message("error", live.message, "What was answered until then is kept.")
    if not known.complete:
        message("info", f"{known.answers:,} of {known.wanted:,} answers are kept; it can go on from there.")
        st.button("Go on", key="go_on", type="primary", icon=":material/play_arrow:", on_click=_go_on, args=(known.id,))
        if problem := st.session_state.pop("evaluation_problem", None):
            message("error", problem)
    if known.answers:
        draw_report(known)


def _go_on(id: str) -> None:
    settings = services.settings()
    folder = folder_of(settings.home, id)
    try:
        if folder is not None:
            put_in_line(id, go_on(folder, services.answering()))
    except (CaseError, StrategyError, SuiteError) as error:
        st.session_state["evaluation_problem"] = str(error)
