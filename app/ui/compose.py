"""The form that begins a run. What is written survives a wrong click, another page and a reload."""

import uuid

import streamlit as st

from app import services
from app.drafts import Drafts
from app.jobs import QueueFull
from app.ui.address import show_run
from app.ui.html import draw, escaped, icon, message
from app.ui.strategy_form import choose_budget, choose_strategy
from cases.case import MAXIMUM_CHARACTERS, Case, CaseError, read_case
from cases.library import LibraryCase, load_library, to_case
from reasoning.engines.remote.address import on_this_machine, sent_to
from reasoning.strategies import Budget, StrategyError
from storage.errors import StorageError

_PLACEHOLDER = "Age and sex, complaint, history, examination, results, in any words: 58F, sudden SOB, L calf swollen, HR 112, sats 91% RA …"


@st.cache_resource(show_spinner=False)
def _drafts() -> Drafts:
    return Drafts()


def compose() -> None:
    """Note on the left, settings and the Run button on the right."""
    if "note" not in st.session_state:
        st.session_state["note"] = _drafts().find(st.query_params.get("draft"))
        st.session_state.setdefault("draft", st.query_params.get("draft"))
    if st.session_state["note"] and st.session_state.get("draft"):
        st.query_params["draft"] = st.session_state["draft"]
    draw_own_runs()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _note()
    with right:
        strategy, parameters = choose_strategy()
        budget = choose_budget(strategy, parameters, services.context_tokens(), sampling=services.recommended())
        # Not a callback: its arguments would be those of the page before the last change.
        if st.button("Run", key="run", type="primary", icon=":material/play_arrow:", width="stretch"):
            _start(strategy, parameters, budget)
            st.rerun()
        # Beside the button that was pressed: above it, a phone would not show it.
        if problem := st.session_state.pop("problem", None):
            message("error", problem, *(["Your text is still here."] if st.session_state.get("note") else []))
        _engine_line()


def _note() -> None:
    library = load_library()
    st.selectbox(
        "Start from a library case",
        library,
        index=None,
        format_func=lambda case: f"{case.title} ({case.specialty})",
        placeholder="Optional: pick one of the built-in cases",
        key="picked",
        persist_state="session",
        on_change=_take_library_case,
    )
    st.text_area("Case note", key="note", height=360, placeholder=_PLACEHOLDER, persist_state="session", on_change=keep_draft)
    draw_destination(services.destination())


def draw_destination(host: str) -> None:
    """Where the note goes, quietly when it stays."""
    leave_out = "Leave out names and numbers that identify a person."
    if host:
        message("info" if on_this_machine(host) else "warning", sent_to(host), leave_out)
    else:
        draw(f"{icon('lock')} The note stays on this machine. {leave_out}", "sol-quiet")


def _engine_line() -> None:
    status = services.queue().engine_status()
    if status.state in ("not loaded", "loading"):
        draw(f"{icon('hourglass_top')} The model is being loaded; a run that is started now begins when it is ready.", "sol-quiet")


def draw_own_runs() -> None:
    """Ways back to the runs of this tab that are not over."""
    for run_id in services.queue().runs_of(services.tab()):
        run = services.queue().live(run_id)
        if run is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                draw(f"{icon('pending')} {'Running' if run.position == 0 else 'Waiting'}: {escaped(title_of(run.case))}", "sol-quiet")
                st.page_link("views/reason.py", label="Watch", icon=":material/visibility:", query_params={"run": run_id})


def title_of(case: Case, most: int = 70) -> str:
    """The case's title, or how its note begins."""
    words = case.title or " ".join(case.text.split())
    if len(words) <= most:
        return words
    whole = words[:most].rpartition(" ")[0] or words[: most - 1]
    return f"{whole.rstrip(' .,;:')} …"


def begin_with(text: str, picked: LibraryCase | None = None) -> None:
    """Put a text into the form, for callbacks on any page."""
    st.session_state["note"], st.session_state["picked"] = text, picked
    keep_draft()


def keep_draft() -> None:
    """Remember what is written, outside the URL."""
    st.session_state["draft"] = _drafts().keep(st.session_state.get("draft"), st.session_state.get("note") or "")


def _take_library_case() -> None:
    picked = st.session_state.get("picked")
    if picked is not None:
        begin_with(picked.text, picked)


def _start(strategy: str, parameters: dict[str, object], budget: Budget) -> None:
    text, picked = st.session_state.get("note") or "", st.session_state.get("picked")
    # One id for each form that was shown: a double click, or a click that is sent twice, starts one run.
    run_id = st.session_state.setdefault("next_run", uuid.uuid4().hex)
    try:
        if len(text) > MAXIMUM_CHARACTERS:
            picked = None
        case = to_case(picked) if picked is not None and picked.text.strip() == text.strip() else read_case(text)
        services.queue().submit(case, strategy, parameters, budget, services.tab(), run_id=run_id)
    except (CaseError, QueueFull, StrategyError, StorageError) as error:
        st.session_state["problem"] = str(error)
        return
    del st.session_state["next_run"]
    show_run(run_id)
