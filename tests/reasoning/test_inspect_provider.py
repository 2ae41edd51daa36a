"""The strategies inside inspect_ai. All but one of these tests need the extra `inspect`, which `make test` does not install."""

import asyncio
import importlib
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cases.generator import generate_case

MODULE = "reasoning.evaluation.inspect_provider"
CASES = [generate_case(seed, "heldout") for seed in range(2)]
QUESTION = "What is the most likely diagnosis?"
OPTIONS = ["Gout", *(case.condition.name for case in CASES)]


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai.model", None)  # as on a machine where it was not installed
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    with pytest.raises(ImportError, match=r"soliloquy\[inspect\]"):
        importlib.import_module(MODULE)


@pytest.fixture(name="provider")
def _provider() -> Any:
    pytest.importorskip("inspect_ai")
    return importlib.import_module(MODULE)


def samples(with_options: bool) -> list[Any]:
    from inspect_ai.dataset import Sample

    return [
        Sample(
            input=f"{case.case.text}\n{QUESTION}",
            choices=OPTIONS if with_options else None,
            target="ABC"[OPTIONS.index(case.condition.name)] if with_options else case.condition.name,
        )
        for case in CASES
    ]


def run(folder: Path, task: Any, **model: Any) -> Any:
    from inspect_ai import eval

    (log,) = eval(task, log_dir=str(folder), display="none", **model)
    assert log.status == "success", log.error
    return log


def test_a_task_of_two_samples_gets_conclusions_with_reasoning_and_usage(provider: Any, tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    task = Task(dataset=samples(False), solver=generate(), scorer=match())
    log = run(tmp_path, task, model="soliloquy/demo", model_args={"strategy": "cot", "thinking_tokens": 96})
    for sample in log.samples:
        content = sample.output.message.content
        assert [part.type for part in content] == ["reasoning", "text"]
        assert content[0].reasoning.strip()
        first = sample.output.metadata["differential"]["hypotheses"][0]["diagnosis"]
        assert sample.output.completion.splitlines()[-1] == f"ANSWER: {first}"
        usage = sample.output.usage
        assert 0 < usage.reasoning_tokens < usage.output_tokens
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert log.stats.model_usage["soliloquy/demo"].output_tokens == sum(s.output.usage.output_tokens for s in log.samples)
    assert log.eval.model_args == {"strategy": "cot", "thinking_tokens": 96}


def test_multiple_choice_is_answered_with_a_letter_that_inspects_own_scorer_reads(provider: Any, tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai.scorer import choice
    from inspect_ai.solver import multiple_choice

    task = Task(dataset=samples(True), solver=multiple_choice(), scorer=choice())
    log = run(tmp_path, task, model="soliloquy/demo", model_args={"strategy": "vanilla"})
    for sample in log.samples:
        letter = sample.output.metadata["letter"]
        assert sample.scores["choice"].answer == (letter or "")


def test_the_solver_asks_the_strategy_whatever_model_the_task_has(provider: Any, tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai.scorer import choice

    task = Task(dataset=samples(True), solver=provider.soliloquy_solver(strategy="vanilla"), scorer=choice())
    log = run(tmp_path, task, model="mockllm/model")
    assert set(log.stats.model_usage) == {"soliloquy/demo"}
    for sample in log.samples:
        letter = sample.output.metadata["letter"]
        assert sample.scores["choice"].answer == (letter or "")
        assert sample.messages[-1].text == sample.output.completion


def test_a_run_does_not_hold_up_the_event_loop(provider: Any) -> None:
    from inspect_ai.model import get_model

    async def watch() -> float:
        asked = asyncio.create_task(get_model("soliloquy/demo", strategy="vanilla").generate(f"{CASES[0].case.text}\n{QUESTION}"))
        longest, before = 0.0, time.monotonic()
        while not asked.done():
            await asyncio.sleep(0.01)
            now = time.monotonic()
            longest, before = max(longest, now - before), now
        assert (await asked).completion
        return longest

    began = time.monotonic()
    longest = asyncio.run(watch())
    assert longest < max(1.0, (time.monotonic() - began) / 2)


def test_limits_of_a_task_reach_the_budget(provider: Any) -> None:
    from inspect_ai.model import GenerateConfig

    from reasoning.strategies import Budget, build

    cot, vote = build("cot"), build("majority_vote")
    asked = GenerateConfig(max_tokens=1000, temperature=0.5, seed=7)
    _, budget = provider.within(cot, Budget(), asked)
    assert (budget.thinking_tokens, budget.answer_tokens, budget.temperature, budget.seed) == (500, 500, 0.5, 7)
    strategy, budget = provider.within(vote, Budget(), asked)
    assert (strategy.temperature, budget.temperature) == (0.5, 0.0)
    assert provider.within(cot, Budget(), GenerateConfig(reasoning_tokens=64))[1].thinking_tokens == 64
    with pytest.raises(ValueError, match="raise --max-tokens"):
        provider.within(cot, Budget(), GenerateConfig(max_tokens=16))


def test_arguments_that_nothing_takes_are_refused_by_name(provider: Any) -> None:
    from inspect_ai.model import get_model

    for arguments, word in (({"strategy": "psychic"}, "psychic"), ({"samples": 3}, "samples"), ({"thinking_tokens": 1}, "thinking_tokens")):
        with pytest.raises(ValueError, match=word):
            get_model("soliloquy/demo", **arguments)
