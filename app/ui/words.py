"""Numbers and enumerations as words for people."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from reasoning.differential import Hypothesis, Likelihood
from reasoning.strategies import INNER, kind, names
from storage.values import RunStatus

STATUS_WORDS = {
    RunStatus.queued: "Waiting",
    RunStatus.running: "Running",
    RunStatus.finished: "Finished",
    RunStatus.cancelled: "Stopped",
    RunStatus.failed: "Failed",
    RunStatus.interrupted: "Interrupted",
}


def strategy_title(name: str) -> str:
    """The name of a strategy as people read it; of a strategy that is gone, the name in the record."""
    return kind(name).title if name in names() else name


def strategy_about(name: str) -> str:
    """One line on what the strategy does."""
    return kind(name).summary


def thinks(name: str, inner: str | None = None) -> bool:
    """Whether the strategy writes reasoning at all."""
    chain = INNER.get(inner or name)
    return chain is None or chain.thinks


def band(likelihood: Likelihood) -> str:
    """The word with its range: never a number alone."""
    low, high = likelihood.band
    return f"{likelihood.value.capitalize()}, {low}–{high} %"


def source(hypothesis: Hypothesis) -> str:
    """Where the likelihood comes from."""
    votes = hypothesis.votes
    if votes is None:
        return "the model’s own words"
    ranked = f"ranked first by {votes.first or 'none'} of {votes.samples} samples, listed by {votes.listed}"
    return ranked if hypothesis.likelihood_source == "vote share" else f"the samples’ own words; {ranked}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def zone() -> ZoneInfo:
    """The reader's time zone, as the browser tells it."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(at: datetime) -> str:
    """A stored time as the reader's clock showed it."""
    return at.astimezone(zone()).strftime("%d %b %Y, %H:%M")
