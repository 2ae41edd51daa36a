"""What stands in the URL: ids of runs, drafts and evaluations, never a word of theirs. Other parameters belong to the filters and stay."""

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


def shown_evaluation() -> str | None:
    """The evaluation that the URL asks for."""
    return st.query_params.get("evaluation")


def show_evaluation(id: str) -> None:
    """Ask for an evaluation."""
    st.query_params["evaluation"] = id


def show_evaluations() -> None:
    """Ask for the form that begins an evaluation, and the list of those before."""
    _drop("evaluation")


def _drop(name: str) -> None:
    if name in st.query_params:
        del st.query_params[name]
