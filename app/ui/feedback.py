"""What a reader thinks of a result. Every change is a new row in the record; saying the same twice adds none."""

import streamlit as st

from app import services
from app.ui.html import draw, escaped, icon, message
from app.ui.words import moment
from reasoning.differential import Hypothesis
from storage.errors import StorageError
from storage.records import add_feedback, feedback_for
from storage.values import StoredFeedback, StoredRun, Verdict, current_feedback

_USEFUL = {"Useful": True, "Not useful": False}
_VERDICTS = {"Agree": Verdict.agree, "Disagree": Verdict.disagree}


def standing(entries: tuple[StoredFeedback, ...], diagnosis: str | None = None) -> StoredFeedback | None:
    """The latest entry that still stands, about the run or about one of its diagnoses."""
    return next((entry for entry in reversed(current_feedback(entries)) if entry.diagnosis == diagnosis), None)


def draw_verdict(run: StoredRun, hypothesis: Hypothesis) -> None:
    """Agree or disagree with one hypothesis, and why. Choosing the chosen answer again takes it back."""
    saved = standing(run.feedback, hypothesis.diagnosis)
    key = f"verdict_{run.id}_{hypothesis.rank}"
    words = next((word for word, verdict in _VERDICTS.items() if saved and saved.verdict == verdict), None)
    st.segmented_control(
        f"Your verdict on hypothesis {hypothesis.rank}",
        list(_VERDICTS),
        default=None if key in st.session_state else words,
        key=key,
        label_visibility="collapsed",
        on_change=_save_verdict,
        args=(run.id, hypothesis.diagnosis, key),
    )
    if st.session_state.get(key):
        st.text_input(
            f"Reason for your verdict on hypothesis {hypothesis.rank}",
            value=saved.reason if saved else "",
            key=f"{key}_reason",
            label_visibility="collapsed",
            placeholder="Reason, Enter saves it",
            max_chars=2000,
            width=260,
            on_change=_save_verdict,
            args=(run.id, hypothesis.diagnosis, key),
        )
    if saved:
        draw(f"{icon('check_circle')} Saved {escaped(moment(saved.created_at))}", "sol-quiet")


def _save_verdict(run_id: str, diagnosis: str, key: str) -> None:
    verdict = _VERDICTS.get(st.session_state.get(key) or "")
    reason = str(st.session_state.get(f"{key}_reason") or "").strip() if verdict else ""
    try:
        # Asked again here: the page may be older than the record.
        before = standing(feedback_for(services.database(), run_id), diagnosis)
        if (before.verdict, before.reason) == (verdict, reason) if before else verdict is None:
            return
        add_feedback(
            services.database(),
            run_id,
            diagnosis=diagnosis,
            verdict=verdict,
            reason=reason,
            supersedes=before.id if before else None,
            retracted=verdict is None,
        )
    except StorageError as error:
        st.session_state["feedback_problem"] = str(error)


def draw_run_feedback(run: StoredRun) -> None:
    """The fixed row for a diagnosis that is not listed, whether the run was useful, and a comment."""
    saved = standing(run.feedback)
    key = f"feedback_{run.id}"
    with st.form(key, border=True):
        draw(
            "<b>Something not on this list?</b> "
            "<span class='sol-quiet'>The list is never complete. Name what is missing, or what it turned out to be.</span>"
        )
        st.text_input(
            "The diagnosis that was right", value=(saved.right_diagnosis or "") if saved else "", key=f"{key}_right", max_chars=300
        )
        useful = next((word for word, value in _USEFUL.items() if saved and saved.useful is value), None)
        st.segmented_control(
            "Was this run useful?", list(_USEFUL), default=None if f"{key}_useful" in st.session_state else useful, key=f"{key}_useful"
        )
        st.text_area(
            "Comment", value=saved.comment if saved else "", key=f"{key}_comment", height=80, max_chars=5000, placeholder="Optional"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button("Save feedback", icon=":material/save:", on_click=_save_run, args=(run.id, key))
            if saved:
                draw(f"{icon('check_circle')} {escaped(_said(saved))}", "sol-quiet")
    if problem := st.session_state.pop("feedback_problem", None):
        message("error", problem)


def _said(entry: StoredFeedback) -> str:
    parts = [{True: "useful", False: "not useful", None: ""}[entry.useful]]
    parts += [f"right was: {entry.right_diagnosis}" if entry.right_diagnosis else "", "with a comment" if entry.comment else ""]
    return f"Saved {moment(entry.created_at)}: {', '.join(part for part in parts if part)}"


def _save_run(run_id: str, key: str) -> None:
    useful = _USEFUL.get(st.session_state.get(f"{key}_useful") or "")
    right = str(st.session_state.get(f"{key}_right") or "").strip() or None
    comment = str(st.session_state.get(f"{key}_comment") or "").strip()
    try:
        before = standing(feedback_for(services.database(), run_id))
        if before and (before.useful, before.right_diagnosis, before.comment) == (useful, right, comment):
            return
        nothing = useful is None and not right and not comment
        add_feedback(
            services.database(),
            run_id,
            useful=useful,
            right_diagnosis=right,
            comment=comment,
            supersedes=before.id if before else None,
            retracted=nothing and before is not None,
        )
    except StorageError as error:
        st.session_state["feedback_problem"] = str(error)
