"""Records that the knowledge base writes itself: a generated case, weighed by its posterior, thought through in one of the styles."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cases.generator import generate_case
from cases.knowledge import Knowledge, load_knowledge
from reasoning.journey.attempt import attempt
from reasoning.journey.record import Attempt, JourneyRecord, Source, Style
from reasoning.journey.synthesis import Candidate, Synthesis, after_last, synthesize
from reasoning.prompts import template_sha256
from reasoning.training.texts import case_example

TEACHER = "knowledge"


def knowledge_id(style: Style, seed: int) -> str:
    """The id of the record of a seed."""
    return f"{style}-knowledge-{seed}"


def knowledge_record(knowledge: Knowledge, style: Style, seed: int, prompt_family: str = "demonstration") -> Attempt:
    """The record of a seed: always the same, always of the training split.

    Dropped when the evidence that the note states points to another condition than the one it was drawn from.
    """
    case = generate_case(seed, "train", knowledge)
    completion = case_example(knowledge, case, style.strategy, random.Random(f"journey:{style}:{seed}")).reply
    return attempt(
        knowledge_id(style, seed),
        style,
        Source.knowledge,
        case.case,
        completion,
        knowledge,
        prompt_family=prompt_family,
        teacher=TEACHER,
        prompt_sha256=template_sha256(prompt_family, style.strategy),
        tokens=len(completion.split()),
        seed=seed,
    )


def synthesize_from_knowledge(
    path: Path,
    style: Style,
    before: Sequence[JourneyRecord],
    count: int,
    seed: int,
    prompt_family: str = "demonstration",
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Synthesis:
    """Append the records of the `count` seeds from `seed` on, behind those that the file holds. Raises JourneyError."""
    knowledge = load_knowledge()
    candidates = [Candidate(knowledge_id(style, each), each) for each in range(seed, seed + count)]
    remaining = after_last(candidates, before)
    done = synthesize(
        path,
        remaining,
        lambda seeds: [knowledge_record(knowledge, style, each, prompt_family) for each in seeds],
        at_once=100,
        progress=progress,
    )
    return replace(done, dropped_before=len(candidates) - len(remaining) - len(before))
