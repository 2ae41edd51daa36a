"""The conventions there are: what each model family writes around its thinking, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reasoning.engines.engine import ModelCard

Part = Literal["thinking", "answer", "aside"]

ANSWER, END_ANSWER = "<answer>", "</answer>"
"""Our prompts ask every model for these around its answer, whatever its own convention is."""

PLACE = "between <think> and </think>"
"""How our prompts name the place for thinking; `Convention.place` takes its stead for a model that has another."""


@dataclass(frozen=True)
class Mark:
    """A piece of text after which another part runs. `of_line`: only at the beginning of a line. `kept`: it belongs to that part itself.

    `ours`: our prompts asked for it, whatever the model's own convention is.
    """

    text: str
    part: Part
    of_line: bool = False
    kept: bool = False
    ours: bool = False


@dataclass(frozen=True)
class Convention:
    """One family's way.

    Reading: `marks`. Writing: thinking stands between `opening` and `closing`, `answering` leads from there to the answer, and `direct`
    leads to an answer without thinking. `place` says in a prompt where to think, `instruction` opens the system message of one that thinks.
    """

    name: str
    title: str
    source: str
    marks: tuple[Mark, ...]
    opening: str = "<think>\n"
    closing: str = "</think>"
    answering: str = "\n<answer>\n"
    direct: str = "<answer>\n"
    place: str = PLACE
    instruction: str = ""

    def opened_by(self, prompt: str) -> bool:
        """Whether the chat template has written the opening already, as those of many reasoning models do."""
        return prompt.rstrip().endswith(self.opening.rstrip())

    def after(self, prompt: str) -> "Convention":
        """The same, with its openings as they must be behind this prompt, so that nothing is opened twice."""
        if not self.opened_by(prompt):
            return self
        return replace(self, opening="", direct=f"\n{self.closing}{self.answering}")


_ANSWER_TAGS = (Mark(ANSWER, "answer", of_line=True, ours=True), Mark(END_ANSWER, "aside", ours=True))
_ENDS = tuple(Mark(end, "aside") for end in ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>"))
_THINK_TAGS = (Mark("<think>", "thinking"), Mark("</think>", "answer"), *_ANSWER_TAGS, *_ENDS)

OWN = Convention("own", "our own tags, as the prompt asks for them", "the prompts of this project", _THINK_TAGS)
"""Of models that have no convention, of the demonstration model, and of every adapter that was tuned here."""

_ALL = (
    OWN,
    Convention(
        "think",
        "<think> … </think>",
        "Qwen3, DeepSeek-R1 and what was tuned from them; https://huggingface.co/Qwen/Qwen3-32B",
        _THINK_TAGS,
        answering="\n\n<answer>\n",
        direct="<think>\n\n</think>\n\n<answer>\n",  # an empty block: how Qwen3's template turns thinking off
    ),
    Convention(
        "s1",
        "<|im_start|>think … <|im_start|>answer",
        "s1 (arXiv 2501.19393) and m1 (arXiv 2504.00869)",
        (Mark("<|im_start|>think", "thinking"), Mark("<|im_start|>answer", "answer"), *_ANSWER_TAGS, *_ENDS),
        opening="<|im_start|>think\n",
        closing="<|im_start|>answer",
        direct="<|im_start|>answer\n<answer>\n",
        place="before you answer",
    ),
    Convention(
        "headings",
        "## Thinking … ## Final Response",
        "HuatuoGPT-o1 (arXiv 2412.18925) and MedReason-8B; plain headings, of which the last counts",
        (Mark("## Thinking", "thinking", of_line=True), Mark("## Final Response", "answer", of_line=True), *_ANSWER_TAGS, *_ENDS),
        opening="## Thinking\n\n",
        closing="## Final Response",
        answering="\n\n<answer>\n",
        direct="## Final Response\n\n<answer>\n",
        place="under the heading ## Thinking",
    ),
    Convention(
        "medgemma",
        "<unused94>thought … <unused95>",
        "MedGemma; Google's notebooks at https://github.com/google-health/medgemma",
        (Mark("<unused94>thought", "thinking"), Mark("<unused94>", "thinking"), Mark("<unused95>", "answer"), *_ANSWER_TAGS, *_ENDS),
        opening="<unused94>thought\n",
        closing="<unused95>",
        answering="<answer>\n",
        place="silently",
        instruction="SYSTEM INSTRUCTION: think silently if needed. ",
    ),
    Convention(
        "harmony",
        "channels analysis and final",
        "gpt-oss; https://github.com/openai/harmony",
        (
            Mark("<|channel|>analysis<|message|>", "thinking"),
            Mark("<|channel|>commentary<|message|>", "thinking"),
            Mark("<|channel|>final<|message|>", "answer"),
            *(Mark(mark, "aside") for mark in ("<|start|>assistant", "<|end|>", "<|return|>", "<|call|>")),
            *_ANSWER_TAGS,
        ),
        opening="<|channel|>analysis<|message|>",
        closing="<|end|>",
        answering="<|start|>assistant<|channel|>final<|message|><answer>\n",
        direct="<|channel|>final<|message|><answer>\n",
        place="in your analysis",
    ),
    Convention(
        "steps",
        "Step n: … The answer is X",
        "MedS3 and Med-PRM; all before the last statement of an answer is reasoning",
        (
            Mark("## Final Diagnosis:", "answer", of_line=True, kept=True),
            Mark("The answer is", "answer", of_line=True, kept=True),
            *_ANSWER_TAGS,
            *_ENDS,
        ),
    ),
)

CONVENTIONS: Mapping[str, Convention] = {each.name: each for each in _ALL}


def spoken(card: ModelCard, adapter: str | None = None) -> Convention:
    """The convention of a model, or ours when it runs with an adapter: adapters are tuned on our own tags (docs/training.md)."""
    return OWN if adapter is not None else CONVENTIONS.get(card.convention, OWN)
