"""The settings of a run: strategy, its own parameters, and the budget."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.ui.words import strategy_about, strategy_title, thinks
from reasoning.presets import RecommendedSampling
from reasoning.recommended import within_budget
from reasoning.strategies import Budget, build, kind, names

STEPS = (256, 512, 1024, 2048, 4096)
_MORE = "more"
_LABELS = {
    "chain_logprob": "Probability of its thoughts",
    "diagnosis_logprob": "Probability of its diagnosis",
    "likelihood_word": "Its own likelihood word",
}
_PROMPT_ROOM = 320
"""Tokens to leave for a note of usual length when a default budget is chosen."""


def choose_strategy() -> tuple[str, dict[str, Any]]:
    """The strategy's name and its parameters, as the reader sets them."""
    basic = [name for name in names() if kind(name).basic]
    name = st.radio(
        "Strategy",
        [*basic, _MORE],
        index=basic.index("longstep"),
        format_func=lambda each: "More strategies" if each == _MORE else strategy_title(each),
        captions=[*map(strategy_about, basic), "Other votes, controlled length, revised answers."],
        key="strategy",
        persist_state="session",
    )
    if name == _MORE:
        others = [name for name in names() if name not in basic]
        name = st.selectbox("More strategies", others, format_func=strategy_title, key="more_strategy", persist_state="session")
        st.caption(strategy_about(name))
    return name, choose_parameters(name)


def choose_parameters(name: str, prefix: str = "") -> dict[str, Any]:
    """A strategy's own parameters, as the reader sets them; `prefix` keeps the widgets of two forms apart."""
    fields = build(name).model_json_schema()["properties"]
    if not fields:
        return {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = {field: _field(f"{prefix}{name}", field, schema) for field, schema in fields.items()}
    return {field: value for field, value in found.items() if value is not None}


def _field(owner: str, field: str, schema: Mapping[str, Any]) -> Any:
    """One widget for one parameter; a parameter of a kind that no widget suits keeps its default."""
    label, key = str(schema.get("title", field)).capitalize(), f"{owner}_{field}"
    keep: dict[str, Any] = {"key": key, "persist_state": "session"}
    if "enum" in schema:
        options = schema["enum"]
        return st.selectbox(
            "Each chain thinks in" if field == "inner" else label,
            options,
            index=options.index(schema["default"]),
            format_func=strategy_title if field == "inner" else lambda option: _LABELS.get(option, str(option)),
            width=165 if field == "inner" else 230,
            **keep,
        )
    low, high = schema.get("minimum"), schema.get("maximum")
    if schema.get("type") == "integer":
        return st.number_input(label, low, high, schema["default"], 1, width=120, **keep)
    if schema.get("type") == "number":
        high = high if high is not None else schema.get("exclusiveMaximum", 2.0)
        step, shape = (0.05, "%.2f") if high <= 1 else (0.1, "%.1f")
        floor = low if low is not None else schema.get("exclusiveMinimum", 0.0) + step
        ceiling = high - step / 5 if "exclusiveMaximum" in schema else high
        return st.number_input(
            label, float(floor), float(ceiling), float(schema["default"]), step, format=shape, width=120 if len(label) < 16 else 170, **keep
        )
    return None


def choose_budget(
    strategy: str,
    parameters: Mapping[str, Any],
    context: int | None,
    prefix: str = "",
    sampling: tuple[str, RecommendedSampling] | None = None,
) -> Budget:
    """How much may be thought, and how tokens are drawn; `prefix` as in `choose_parameters`, `sampling` is recommended for a model."""
    allowed = [step for step in STEPS if context is None or step < context]
    room = (context or 1 << 20) - _answer_default(context) - _PROMPT_ROOM
    usual = max((step for step in allowed if step <= min(1024, room)), default=allowed[0])
    thinking = usual
    if thinks(strategy, parameters.get("inner")):
        thinking = st.segmented_control(
            "Thinking budget in tokens",
            allowed,
            default=usual,
            format_func=lambda step: f"{step:,}",
            key=f"{prefix}thinking",
            persist_state="session",
            required=True,
        )
        if context is not None and len(allowed) < len(STEPS):
            beyond = " and ".join(f"{step:,}" for step in STEPS if step not in allowed)
            st.caption(f"Note, thinking and answer share this model’s {context:,} tokens; {beyond} need a larger model.")
    with st.expander("More settings", key=f"{prefix}more"):
        return _more(thinking, strategy, parameters, context, prefix, sampling)


def _answer_default(context: int | None) -> int:
    return int(Budget.model_fields["answer_tokens"].default) if context is None or context > 2048 else 640


def _more(
    thinking: int,
    strategy: str,
    parameters: Mapping[str, Any],
    context: int | None,
    prefix: str,
    sampling: tuple[str, RecommendedSampling] | None,
) -> Budget:
    keep: dict[str, Any] = {"persist_state": "session"}
    minimum = 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, 0, 1, key=f"{prefix}seed", width=130, help="The same seed, note and settings give the same text.", **keep
        )
        usual = _answer_default(context)
        answer = st.number_input("Answer limit in tokens", 64, 8192, usual, 64, key=f"{prefix}answer_tokens", width=170, **keep)
        temperature, asked = 0.0, not {"temperature", "temperatures"} & set(kind(strategy).model_fields)
        if asked:
            temperature = st.number_input(
                "Temperature",
                0.0,
                2.0,
                sampling[1].temperature if sampling else 0.0,
                0.1,
                format="%.1f",
                key=f"{prefix}temperature",
                width=130,
                help="0 takes the likeliest word each time." + (f" Recommended: {sampling[1].words}." if sampling else ""),
                **keep,
            )
    if thinks(strategy, parameters.get("inner")):
        options = [0, *(step for step in (128, *STEPS) if step < thinking)]
        if st.session_state.get(f"{prefix}minimum") not in (None, *options):
            st.session_state[f"{prefix}minimum"] = 0
        minimum = st.select_slider(
            "Think at least",
            options,
            format_func=lambda step: f"{step} tokens" if step else "no minimum",
            key=f"{prefix}minimum",
            help="A model that stops earlier is told “Wait” and goes on. In medicine, published work saw no gain from it and some harm.",
            **keep,
        )
    budget = Budget.model_validate(
        {
            "thinking_tokens": thinking,
            "minimum_thinking_tokens": minimum,
            "answer_tokens": answer,
            "temperature": temperature,
            "seed": seed,
        }
    )
    if asked and sampling and temperature == sampling[1].temperature:
        return within_budget(budget, sampling[1], sampling[0])
    return budget
