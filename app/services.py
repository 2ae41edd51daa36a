"""What all screens share: one database, one worker, one model. Made once a process, however many tabs there are."""

import uuid

import streamlit as st

from app import remote
from app.jobs import JobQueue
from app.models import engine_loader
from reasoning.engines.engine import EngineError, ModelCard
from reasoning.presets import Preset, RecommendedSampling, find_preset
from storage.database import Database, open_database
from storage.records import feedback_for, load_run
from storage.settings import Settings, read_settings
from storage.values import RunStatus, StoredRun

_MOST_KEPT = 64


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process. Raises StorageError."""
    return read_settings()


@st.cache_resource(show_spinner="Opening the database")
def database() -> Database:
    """The database, made or upgraded first where needed. Raises StorageError."""
    return open_database(settings().url())


@st.cache_resource(show_spinner=False)
def queue() -> JobQueue:
    """The worker that owns the model. Raises StorageError."""
    jobs = JobQueue(database(), engine_loader(settings()), model=settings().model)
    jobs.warm_up()
    return jobs


def answering() -> str:
    """The name of the model that the worker asks, as an evaluation writes it down."""
    return settings().engine if settings().engine == "scripted" else settings().model


def stored_run(run_id: str) -> StoredRun | None:
    """A run from the record, with the feedback of this moment. Raises StorageError."""
    kept = _kept_runs()
    run = kept.get(run_id)
    if run is None:
        run = load_run(database(), run_id)
        # An interrupted run may turn out to be alive in another program.
        if run is None or run.status not in (RunStatus.finished, RunStatus.failed, RunStatus.cancelled):
            return run
        while len(kept) >= _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[run_id] = run
    return run.model_copy(update={"feedback": feedback_for(database(), run_id, superseded=True)})


@st.cache_resource(show_spinner=False)
def _kept_runs() -> dict[str, StoredRun]:
    """Runs that will never change, because a page with many widgets asks for its run at every click."""
    return {}


def preset() -> Preset | None:
    """What is known of the chosen model without loading it."""
    try:
        return find_preset(settings().model)
    except EngineError:
        return None  # loading it will say what is wrong with its preset.toml


def recommended() -> tuple[str, RecommendedSampling] | None:
    """The chosen model and how its makers draw its tokens, where that is known."""
    known = preset()
    return (settings().model, known.sampling) if known and known.sampling else None


def card() -> ModelCard | None:
    """The model's card, once it is loaded."""
    return queue().engine_status().card


def destination() -> str:
    """The host that notes are sent to, "" when they stay in this process."""
    loaded = card()
    return loaded.sends_to if loaded else remote.destination(settings())


def context_tokens() -> int | None:
    """How much the model reads and writes in one run, or None while nobody knows."""
    loaded, known = card(), preset()
    return (loaded.context if loaded and loaded.context else None) or (known.context if known else None)


def is_demonstration() -> bool:
    """Whether what the screen shows comes from the demonstration model. In doubt, no."""
    loaded, known = card(), preset()
    return loaded.demonstration if loaded else bool(known and known.demonstration)


def tab() -> str:
    """Who asks: one name a browser tab, so that tabs take turns."""
    return str(st.session_state.setdefault("tab", uuid.uuid4().hex))
