"""What stands in the URL: ids of runs and drafts, never a word of theirs. Other parameters belong to the filters and stay."""

import streamlit as st


def shown_run() -> str | None:
    """The run that the URL asks for."""
    return st.query_params.get("run")


def show_run(run_id: str) -> None:
    """Ask for a run."""
    _drop("draft")
    st.query_params["run"] = run_id


def show_form() -> None:
    """Ask for the form that begins a run."""
    _drop("run")


def _drop(name: str) -> None:
    if name in st.query_params:
        del st.query_params[name]
