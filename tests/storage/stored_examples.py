"""A case, a model card and a run with every kind of event, for the tests of what is kept."""

from cases.case import Case, Origin
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status, VoteShare
from reasoning.engines.engine import ModelCard
from reasoning.events import (
    BudgetForced,
    Concluded,
    Event,
    Finished,
    SampleFinished,
    SampleStarted,
    Started,
    Text,
    Usage,
    Voted,
    VoteRow,
)
from reasoning.trace import Step, StepKind, Trace
from storage.database import Database
from storage.records import RunWriter, save_case, start_run

NOTE = "A 54-year-old man has crushing chest pain for two hours. He is sweating. No fever."

CARD = ModelCard(
    id="soliloquy/demo",
    weights_sha256="ab" * 32,
    quantization="nf4",
    parameters=15_000_000,
    adapters={"longmonolog": "cd" * 32},
    demonstration=True,
    libraries={"torch": "2.13.0"},
)


def a_case(title: str = "Chest pain", text: str = NOTE, **more: object) -> Case:
    return Case.model_validate({"title": title, "text": text, "origin": Origin.library, "gold": "Myocardial infarction", **more})


def a_differential(leading: str = "Myocardial infarction") -> Differential:
    return Differential(
        hypotheses=(
            Hypothesis(
                rank=1,
                diagnosis=leading,
                status=Status.leading,
                likelihood=Likelihood.very_likely,
                likelihood_source="vote share",
                votes=VoteShare(first=1, listed=2, samples=2),
                cannot_miss=True,
                cannot_miss_source="knowledge",
                icd10="I21.9",
                supporting=(
                    Quotation(quote="crushing chest pain", start=25, end=44, match="exact"),
                    Quotation(quote="sweating", start=66, end=74, match="normalised"),
                ),
                refuting=(Quotation(quote="normal troponin", match="not found"),),
                missing=("ECG", "Troponin"),
                settling_test="ECG",
            ),
            Hypothesis(rank=2, diagnosis="Pneumonia", status=Status.unlikely, likelihood=Likelihood.unlikely),
        ),
        unexplained=(Quotation(quote="two hours", start=49, end=58, match="exact"),),
        next_step="Twelve-lead ECG now",
    )


def some_text(sample: int = 0, text: str = "He ", *, forced: bool = False, logprob: float | None = -0.5) -> Text:
    return Text(sample=sample, phase="thinking", text=text, tokens=1, forced=forced, logprob=logprob)


def a_sample(sample: int = 0, differential: Differential | None = None) -> SampleFinished:
    steps = (
        Step(kind=StepKind.problem_representation, text="A man with chest pain.\n"),
        Step(kind=StepKind.text, text="Hmm – ménière? 🙂"),
    )
    return SampleFinished(
        sample=sample,
        trace=Trace(text="".join(step.text for step in steps), steps=steps),
        answer='{"hypotheses": []}',
        differential=differential,
        finish="stop" if differential else "length",
        usage=Usage(prompt_tokens=90, thinking_tokens=40, answer_tokens=20, seconds=0.25),
        mean_logprob=-0.123456789012345,
    )


def started() -> Started:
    return Started(
        strategy="majority_vote",
        parameters={"samples": 2},
        samples=2,
        prompt="Think about: " + NOTE,
        prompt_sha256="ef" * 32,
        warnings=("No adapter: the strategy runs as prompted.",),
    )


def every_kind_of_event(leading: str = "Myocardial infarction") -> list[Event]:
    """In the order of a real run; Failed is left out, because a run that concludes does not fail."""
    return [
        started(),
        SampleStarted(sample=0, seed=7),
        SampleStarted(sample=1, seed=8),
        some_text(0, "He "),
        BudgetForced(sample=0, action="continued", thinking_tokens=1),
        some_text(0, "\nWait", forced=True, logprob=None),
        a_sample(0, a_differential(leading)),
        a_sample(1, None),
        Voted(samples=2, rows=(VoteRow(diagnosis=leading, first=1, listed=2, score=0.5),)),
        Concluded(differential=a_differential(leading), warnings=("One sample could not be read.",)),
        Finished(usage=Usage(prompt_tokens=90, thinking_tokens=80, answer_tokens=40, forced_tokens=1, seconds=0.5)),
    ]


def queue(database: Database, case: Case | None = None, strategy: str = "majority_vote") -> str:
    kept = save_case(database, case or a_case())
    return start_run(database, kept.id, strategy=strategy, card=CARD, seed=7, parameters={"samples": 2}, budget={"tokens": 512})


def complete_run(
    database: Database, case: Case | None = None, strategy: str = "majority_vote", leading: str = "Myocardial infarction"
) -> str:
    run_id = queue(database, case, strategy)
    with RunWriter(database, run_id) as writer:
        for event in every_kind_of_event(leading):
            writer.write(event)
    return run_id
