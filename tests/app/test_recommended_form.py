"""The form proposes what a model's makers recommend."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from app.ui.strategy_form import choose_budget
    from reasoning.presets import presets

    name = st.session_state["model"]
    sampling = presets()[name].sampling
    strategy = st.session_state["strategy"]
    st.session_state["got"] = choose_budget(strategy, {}, None, sampling=(name, sampling) if sampling else None)


def shown(model: str, strategy: str = "cot") -> AppTest:
    form = AppTest.from_function(page, default_timeout=60)
    form.session_state["model"], form.session_state["strategy"] = model, strategy
    return form.run()


def test_a_recommended_temperature_is_proposed_and_the_record_says_whose_it_is() -> None:
    budget = shown("qwen3-32b").session_state["got"]
    assert (budget.temperature, budget.top_p) == (0.6, 0.95)
    assert budget.sampling_source.startswith("recommended for qwen3-32b: temperature 0.6")


def test_another_temperature_is_the_readers_own() -> None:
    form = shown("qwen3-32b")
    form.number_input(key="temperature").set_value(0.0).run()
    budget = form.session_state["got"]
    assert (budget.temperature, budget.sampling_source) == (0.0, "")


@pytest.mark.parametrize(("model", "strategy"), [("demo", "cot"), ("qwen3-32b", "majority_vote")])
def test_nothing_is_proposed_where_nothing_is_known_or_the_strategy_has_its_own(model: str, strategy: str) -> None:
    budget = shown(model, strategy).session_state["got"]
    assert (budget.temperature, budget.sampling_source) == (0.0, "")
