"""The form that begins an evaluation: which cases, which strategies, what limits."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from app import services
from app.evaluating import Evaluating
from app.evaluation_folders import Upload, begin_evaluation, folder_of, new_id
from app.ui.address import show_evaluation
from app.ui.html import draw, escaped, icon, message
from app.ui.strategy_form import choose_budget, choose_parameters
from app.ui.words import strategy_title, thinks
from cases.benchmarks import DATASETS, own, read_benchmark
from cases.case import CaseError
from cases.library import load_library
from reasoning.evaluation.suite import Prepared, SuiteError
from reasoning.strategies import Budget, StrategyError, build, names

_PREFIX = "evaluate_"
_GENERATED, _LIBRARY, _FILE = "Generated", "Library", "Your own file"
_MOST_GENERATED = 500
_USUAL_OF_FILE = 100
_MEGABYTES = 50
_KINDS = ["csv", "tsv", "json", "jsonl", "ndjson", "xlsx"]
_KEEP: dict[str, Any] = {"persist_state": "session"}


@dataclass(frozen=True)
class _Cases:
    """What is to be asked. `limit` is 0 while nothing can be."""

    dataset: str
    limit: int
    upload: Upload | None = None


def draw_form() -> None:
    """Cases on the left, strategies, limits and the button on the right."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cases = _choose_cases()
    with right:
        strategies = _choose_strategies()
        budget = _choose_limits(strategies)
        if st.button("Start evaluation", key="start_evaluation", type="primary", icon=":material/play_arrow:", width="stretch"):
            _start(cases, strategies, budget)
            st.rerun()
        if problem := st.session_state.pop("evaluation_problem", None):
            message("error", problem)
        _what_will_happen(cases, len(strategies))


def _choose_cases() -> _Cases:
    kind = st.segmented_control("Cases", [_GENERATED, _LIBRARY, _FILE], default=_GENERATED, key="evaluate_cases", required=True, **_KEEP)
    if kind == _FILE:
        return _choose_file()
    if kind == _LIBRARY:
        draw("The built-in teaching cases: few, in several registers, each with a trap. All have a known answer.", "sol-quiet")
        whole = len(load_library())
        return _Cases("library", st.number_input("Number of cases", 1, whole, whole, 1, key="evaluate_n_library", width=160, **_KEEP))
    draw(
        "Cases that are made here from the knowledge base, of the held-out split: no model of ours was trained on them, and half of their "
        "findings are worded as no training text words them.",
        "sol-quiet",
    )
    number = st.number_input("Number of cases", 1, _MOST_GENERATED, 20, 1, key="evaluate_n_generated", width=160, **_KEEP)
    return _Cases("generated:heldout", number)


def _choose_file() -> _Cases:
    published = {name: dataset for name, dataset in DATASETS.items() if dataset.item is not None}
    # One's own cases first: the published sets are for those who have them.
    order = ["own", *(name for name in published if name != "own")]
    dataset = st.selectbox(
        "What the file holds",
        order,
        format_func=lambda name: "Your own cases" if name == "own" else f"{name}: {published[name].about}",
        key="evaluate_dataset",
        **_KEEP,
    )
    sent = st.file_uploader("The file", _KINDS, key="evaluate_file", max_upload_size=_MEGABYTES)
    if dataset == "own":
        with st.expander("Which columns are read", key="evaluate_columns"):
            st.markdown(own.__doc__ or "")
    if sent is None:
        draw(f"{icon('lock')} The file stays on this machine, in the evaluation’s folder: treat that like the notes.", "sol-quiet")
        return _Cases(dataset, 0)
    try:
        there, left_out = _look_at(sent.name, sent.getvalue(), dataset)
    except CaseError as error:
        message("error", str(error))
        return _Cases(dataset, 0)
    draw(f"{icon('check_circle')} {there:,} case{'s' if there != 1 else ''} can be used.", "sol-quiet")
    if left_out:
        more = [f"And {len(left_out) - 3} more."] if len(left_out) > 3 else []
        message("warning", f"{len(left_out)} of the file’s rows cannot be used, and are left out:", *left_out[:3], *more)
    usual = min(there, _USUAL_OF_FILE)
    number = st.number_input("Number of cases, from the first on", 1, there, usual, 1, key=f"evaluate_n_{sent.file_id}", width=240)
    return _Cases(dataset, number, Upload(sent.name, sent.getvalue()))


@st.cache_data(show_spinner="Reading the file", max_entries=4, ttl=3600)
def _look_at(name: str, content: bytes, dataset: str) -> tuple[int, list[str]]:
    """How many cases a file holds, and what is wrong with the rows that cannot be used. Raises CaseError."""
    with TemporaryDirectory(prefix="soliloquy-") as folder:
        file = Path(folder) / Path(name.replace("\\", "/")).name
        file.write_bytes(content)
        benchmark = read_benchmark(dataset, file)
    return len(benchmark.items), [str(row) for row in benchmark.left_out]


def _choose_strategies() -> dict[str, dict[str, Any]]:
    """The strategies that are to be compared, each with its own parameters."""
    chosen = st.pills(
        "Strategies, compared on the same cases",
        names(),
        selection_mode="multi",
        default=["vanilla", "longstep"],
        format_func=strategy_title,
        key="evaluate_strategies",
        wrap=True,
        **_KEEP,
    )
    found = {}
    for name in chosen:
        if type(build(name)).model_fields:
            draw(escaped(strategy_title(name)), "sol-quiet")
        found[name] = choose_parameters(name, _PREFIX)
    return found


def _choose_limits(strategies: dict[str, dict[str, Any]]) -> Budget:
    """One budget for all of them; a thinking budget only where one of them thinks."""
    inner = {name: {key: value for key, value in parameters.items() if key == "inner"} for name, parameters in strategies.items()}
    thinking = next((name for name in strategies if thinks(name, inner[name].get("inner"))), "vanilla")
    return choose_budget(thinking, inner.get(thinking, {}), services.context_tokens(), _PREFIX, services.recommended())


def _what_will_happen(cases: _Cases, strategies: int) -> None:
    if cases.limit and strategies:
        answers = f"{cases.limit:,} case{'s' if cases.limit != 1 else ''} by {strategies} strateg{'ies' if strategies != 1 else 'y'}: "
        draw(escaped(f"{answers}{cases.limit * strategies:,} answers by the model {services.answering()}."), "sol-quiet")
    draw(f"{icon('low_priority')} Runs go first: the evaluation uses the model only while nobody waits for it.", "sol-quiet")


def _start(cases: _Cases, strategies: dict[str, dict[str, Any]], budget: Budget) -> None:
    # One id for each form that was shown: a double click begins one evaluation.
    id = st.session_state.setdefault("next_evaluation", new_id())
    try:
        if not cases.limit:
            raise SuiteError("There are no cases yet: choose a file that can be read, or other cases.")
        if not strategies:
            raise SuiteError("No strategy is chosen: choose at least one.")
        with st.spinner("Preparing the cases"):
            prepared = begin_evaluation(
                services.settings().home,
                id,
                cases.dataset,
                [_label(name, parameters) for name, parameters in strategies.items()],
                budget,
                model=services.answering(),
                limit=cases.limit,
                upload=cases.upload,
            )
    except (CaseError, StrategyError, SuiteError) as error:
        st.session_state["evaluation_problem"] = str(error)
        return
    put_in_line(id, prepared)
    del st.session_state["next_evaluation"]
    show_evaluation(id)


def put_in_line(id: str, prepared: Prepared) -> None:
    """Give an evaluation that was begun before to the worker."""
    settings = services.settings()
    folder = folder_of(settings.home, id)
    assert folder is not None
    services.queue().evaluations.add(Evaluating(id, folder, prepared, settings.model_width))


def _label(name: str, parameters: dict[str, Any]) -> str:
    """The strategy as the command line would name it, with what is not as usual."""
    usual = build(name).model_dump()
    return ":".join([name, *(f"{field}={value}" for field, value in parameters.items() if value != usual[field])])
