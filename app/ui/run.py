"""One run on the screen: waiting, at work, or over. The page only looks; closing it changes nothing."""

import streamlit as st

from app import services
from app.live import LiveRun
from app.ui.address import show_form
from app.ui.compose import begin_with, title_of
from app.ui.html import draw, escaped, heading, icon, message, tag
from app.ui.live import draw_place, draw_progress, draw_stream
from app.ui.note import draw_note
from app.ui.result import draw_result
from app.ui.words import STATUS_WORDS, strategy_title
from cases.case import Case
from cases.library import load_library
from storage.values import RunStatus, StoredRun

_WATCH_SECONDS = 0.5
_ELSEWHERE_SECONDS = 3.0


def draw_run(run_id: str) -> None:
    """The run with this id, whoever started it and wherever it is now."""
    live = services.queue().live(run_id)
    if live is not None and not live.status.over:
        _draw_live(live)
        return
    run = services.stored_run(run_id)
    if run is None:
        message("warning", "There is no run with this address.", "Open it from the history, or start a new one.")
        st.button("New case", icon=":material/add:", on_click=_new_case)
        return
    _header(run.case, run.status, run.strategy)
    if live is not None and live.unsaved:
        message("error", f"This run could not be kept completely. {live.unsaved}")
    if run.status.over:
        draw_result(run)
    else:
        _draw_elsewhere(run)


def _header(case: Case, status: RunStatus, strategy: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        tags = tag(STATUS_WORDS[status], status.value) + tag(strategy_title(strategy))
        heading(title_of(case), beside=tags)
        with st.container(horizontal=True, width="content"):
            st.button("New case", icon=":material/add:", on_click=_new_case)
            st.button(
                "Edit and run again",
                icon=":material/replay:",
                on_click=_again,
                args=(case,),
                help="Takes the note back to the form; this run stays as it is.",
            )


def _new_case() -> None:
    begin_with("")
    show_form()


def _again(case: Case) -> None:
    begin_with(case.text, next((entry for entry in load_library() if entry.text.strip() == case.text), None))
    show_form()


def _draw_live(run: LiveRun) -> None:
    _header(run.case, run.status, run.strategy)
    # Above the stream and outside the part that is redrawn: it must never move away from under the pointer.
    stopping = "Stopping…" if run.stopping else "Stop"
    st.button(stopping, key="stop", icon=":material/stop_circle:", type="primary", disabled=run.stopping, on_click=_stop, args=(run.id,))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _watch(run.id, run.status)
    with right:
        heading("The note", 3)
        draw_note(run.case.text, ())


def _stop(run_id: str) -> None:
    services.queue().cancel(run_id)


@st.fragment(run_every=_WATCH_SECONDS)
def _watch(run_id: str, drawn_as: RunStatus) -> None:
    run = services.queue().live(run_id)
    if run is None or run.status is not drawn_as:
        # Once a change: the header says "running" then, and the page of a run that is over has no timer.
        st.rerun()
        return
    loading = services.queue().engine_status().state == "loading"
    if loading:
        words = "The model is being loaded: seconds for a small one, minutes for a large one. The run begins by itself."
        draw(f"{icon('hourglass_top')} {words}")
    if run.position:
        draw_place(run, services.queue().waiting(), services.queue().evaluations.working())
    if run.position or loading:
        return
    draw_progress(run)
    if run.warnings:
        message("warning", *run.warnings)
    if run.unsaved:
        message("error", run.unsaved)
    with st.container(height="content" if len(run.samples) > 1 else 520, border=True, autoscroll=True, key="stream"):
        draw_stream(run)


def _draw_elsewhere(run: StoredRun) -> None:
    draw(f"{icon('sync')} Another program is working on this run; the page looks again every few seconds.", "sol-quiet")
    _look_again(run.id)
    draw_note(run.case.text, ())


@st.fragment(run_every=_ELSEWHERE_SECONDS)
def _look_again(run_id: str) -> None:
    run = services.stored_run(run_id)
    if run is None or run.status.over:
        st.rerun()
        return
    draw(escaped(f"{len(run.events)} events so far"), "sol-quiet")
