"""Soliloquy's strategies for inspect_ai: a model provider, `--model soliloquy/demo -M strategy=longstep`, and a solver.

inspect_ai (UK AI Security Institute) finds this module by its entry point; nothing else of Soliloquy imports it. Raises ImportError where
the extra is not installed.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from typing import Any

from pydantic import ValidationError

from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine
from reasoning.evaluation.answering import Answered, answer
from reasoning.evaluation.prompt_reading import read_prompt, write_prompt
from reasoning.evaluation.shared_engine import SharedEngine
from reasoning.presets import EngineSettings, load_engine
from reasoning.recommended import as_recommended
from reasoning.strategies import Budget, Strategy, build

try:
    import anyio
    from inspect_ai.model import (
        ChatCompletionChoice,
        ChatMessage,
        ChatMessageAssistant,
        ChatMessageUser,
        Content,
        ContentReasoning,
        ContentText,
        GenerateConfig,
        ModelAPI,
        ModelCall,
        ModelOutput,
        ModelUsage,
        get_model,
        modelapi,
    )
    from inspect_ai.solver import Generate, Solver, TaskState, solver
    from inspect_ai.tool import ToolChoice, ToolInfo
except ImportError as error:
    raise ImportError("inspect_ai is not installed: pip install 'soliloquy[inspect]', in an environment of its own.") from error

AT_ONCE = 24


@cache
def _engine(model: str, settings: str) -> SharedEngine:
    """One engine a process for a model and its settings, however many tasks and solvers ask it."""

    def load() -> Engine:
        from transformers.utils import logging as chatter

        chatter.disable_progress_bar()  # it would write across inspect's own display
        load_knowledge()  # once, before the questions of a batch each ask for it in a thread of their own
        return load_engine(model, EngineSettings.model_validate_json(settings))

    return SharedEngine(load, AT_ONCE)


@modelapi(name="soliloquy")
class SoliloquyAPI(ModelAPI):
    """A strategy behind the name of a preset, a folder or a hub id.

    `-M` takes `strategy`, fields of the strategy (`samples`, `inner`), of the budget (`thinking_tokens`, `answer_tokens`, ...) and of the
    engine (`quantization`, `device`, `width`). Raises ValueError and StrategyError (a ValueError) for anything else.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),
        strategy: str = "longstep",
        **given: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        engine = {name: given.pop(name) for name in EngineSettings.model_fields if name in given}
        budget = {name: given.pop(name) for name in Budget.model_fields if name in given and not _belongs_to_strategy(strategy, name)}
        self.strategy = build(strategy, **given)
        self.budget = _budget(budget, "correct the -M arguments")
        if not {"temperature", "top_p"} & {*budget, *given}:
            self.strategy, self.budget = as_recommended(self.strategy, self.budget, model_name)
        self._shared = _engine(model_name, EngineSettings(**engine).model_dump_json())

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> tuple[ModelOutput, ModelCall]:
        """The conclusion about the last user message. System messages are not read: the prompts are Soliloquy's own."""
        if tools:
            raise ValueError("Soliloquy's strategies call no tools: run this task without them, or with another model.")
        if (config.num_choices or 1) > 1:
            raise ValueError("Soliloquy gives one answer a question: use --epochs, or -M strategy=majority_vote.")
        asked = read_prompt(next((message.text for message in reversed(input) if message.role == "user"), ""))
        strategy, budget = within(self.strategy, self.budget, config)
        work = self._shared.submit(lambda engine: answer(engine, strategy, budget, asked, load_knowledge()))
        answered = await _result(work)
        request = {
            "prompt": answered.run.started.prompt if answered.run.started else "",
            "strategy": strategy.name,
            "parameters": strategy.model_dump(mode="json"),
            "budget": budget.model_dump(mode="json"),
        }
        return _output(self.model_name, answered), ModelCall.create(
            request, {"answers": [sample.answer for sample in answered.run.samples]}
        )

    def max_connections(self) -> int:
        """As many questions as share a batch of the engine."""
        return AT_ONCE


def within(strategy: Strategy, budget: Budget, config: GenerateConfig) -> tuple[Strategy, Budget]:
    """The strategy and the budget with what a task or the command line asks for. Raises ValueError when a limit is too small.

    `max_tokens` counts thinking and answer: the answer keeps its limit, at most half of the whole, and the thinking gets what is left.
    """
    asked: dict[str, Any] = {"top_p": config.top_p, "seed": config.seed, "thinking_tokens": config.reasoning_tokens}
    if "temperature" not in type(strategy).model_fields:
        asked["temperature"] = config.temperature
    elif config.temperature is not None:
        strategy = build(strategy.name, **{**strategy.model_dump(), "temperature": config.temperature})
    changed = {**budget.model_dump(), **{name: value for name, value in asked.items() if value is not None}}
    if config.temperature is not None or config.top_p is not None:
        changed["sampling_source"] = ""
    if config.max_tokens is not None:
        changed["answer_tokens"] = min(changed["answer_tokens"], config.max_tokens // 2)
        changed["thinking_tokens"] = min(changed["thinking_tokens"], config.max_tokens - changed["answer_tokens"])
    return strategy, _budget(changed, "raise --max-tokens, or leave it out")


@solver
def soliloquy_solver(strategy: str = "longstep", model: str = "demo", **given: Any) -> Solver:
    """Puts a sample's own input and choices to a strategy, and marks the choice: for tasks scored with choice() or match().

    `given` is what `-M` takes. The task's own model is not asked.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        choices = tuple(str(choice.value) for choice in state.choices)
        asked = get_model(f"soliloquy/{model}", strategy=strategy, **given)
        state.output = await asked.generate([ChatMessageUser(content=write_prompt(state.input_text, choices))])
        state.messages.append(state.output.message)
        letter = (state.output.metadata or {}).get("letter")
        for number in range(len(choices) if letter else 0):
            state.choices.mark_choice(number, chr(ord("A") + number) == letter)
        return state

    return solve


def _budget(given: Mapping[str, Any], remedy: str) -> Budget:
    try:
        return Budget(**given)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'budget'}: {fault['msg']}" for fault in error.errors())
        raise ValueError(f"These limits cannot be kept ({faults}): {remedy}.") from None


def _belongs_to_strategy(strategy: str, name: str) -> bool:
    return name in type(build(strategy)).model_fields


async def _result(work: "Future[Answered]") -> Answered:
    """The result, without holding up the event loop; a cancelled sample that still waits leaves the queue."""
    try:
        return await anyio.to_thread.run_sync(work.result, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        work.cancel()
        raise


def _output(model: str, answered: Answered) -> ModelOutput:
    run = answered.run
    content: list[Content] = [ContentReasoning(reasoning=sample.trace.text) for sample in run.samples if sample.trace.text]
    content.append(ContentText(text=answered.text))
    cut = bool(run.samples) and all(sample.finish == "length" for sample in run.samples)
    message = ChatMessageAssistant(content=content, model=model, source="generate")
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message, stop_reason="max_tokens" if cut else "stop")],
        usage=ModelUsage(
            input_tokens=run.usage.prompt_tokens,
            output_tokens=run.usage.generated_tokens,
            total_tokens=run.usage.prompt_tokens + run.usage.generated_tokens,
            reasoning_tokens=run.usage.thinking_tokens,
        ),
        time=run.usage.seconds,
        metadata={
            "letter": answered.letter,
            "differential": run.differential.model_dump(mode="json") if run.differential else None,
            "tuned": run.started.tuned if run.started else False,
            "warnings": list(answered.warnings),
        },
    )
