"""Weighted vote: a ballot counts as much as the model was sure of it."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, Sampling
from reasoning.events import Event, Finished, SampleFinished, Text, Weighed
from reasoning.strategies.ballots import tally
from reasoning.strategies.inner import InnerName, inner_chain
from reasoning.strategies.sampling import Drawn, draw
from reasoning.strategies.strategy import Budget, Strategy, strategy
from reasoning.strategies.voting import verdict

Measure = Literal["chain_logprob", "diagnosis_logprob", "likelihood_word"]


@strategy("weighted_vote", "Weighted vote")
class WeightedVote(Strategy):
    """A majority vote in which each ballot is weighted by how confident the model was in it.

    Sources: CISC, Taubenfeld et al. 2025, arXiv 2502.06233 (weights are a softmax of the confidences of one question; the
    likelihood word is its verbal confidence); Wang et al. 2022, arXiv 2203.11171 (weights by length-normalised probability).
    `confidence` is the mean token probability of the thoughts (of the answer where there are none), of the first diagnosis, or
    the middle of the likelihood word's band. The softmax temperature is our own, not tuned: smaller ones trust confidence more.
    Cost: `samples` times the inner chain, one prefill; weighing costs nothing. Events: those of a vote, with `weighed` per sample.
    """

    family: ClassVar[str] = "many chains"
    summary: ClassVar[str] = "A vote in which surer chains count more."
    source: ClassVar[str] = "CISC, arXiv 2502.06233; Wang et al. 2022"
    cost: ClassVar[str] = "samples × the inner chain, one prefill"

    samples: int = Field(5, ge=2, le=64)
    temperature: float = Field(0.7, gt=0, le=2)
    confidence: Measure = "chain_logprob"
    softmax_temperature: float = Field(0.5, gt=0, le=10)
    inner: InnerName = "longmonolog"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """All samples in one request, the weight of each ballot, and the merged differential."""
        knowledge, chain = load_knowledge(), inner_chain(self.inner)
        request = chain.request(case, knowledge, engine, budget, self.samples, Sampling(self.temperature, budget.top_p))
        yield chain.started(self, case, knowledge, engine, budget, request)
        drawn = yield from draw(case, knowledge, engine, request)
        if drawn.cancelled:
            yield Finished(usage=drawn.usage, cancelled=True)
            return
        found = [confidence(self.confidence, sample, pieces) for sample, pieces in zip(drawn.samples, drawn.pieces, strict=True)]
        weights = softmax(found, self.softmax_temperature)
        for sample, sure, weight in zip(drawn.samples, found, weights, strict=True):
            yield Weighed(sample=sample.sample, measure=self.confidence, confidence=sure, weight=round(weight, 6))
        yield from verdict(case, knowledge, drawn.samples, drawn.usage, weights, _told(drawn, found, weights))


def confidence(measure: Measure, sample: SampleFinished, pieces: Sequence[Text]) -> float | None:
    """How sure the model was of one sample, 0 to 1; None for a ballot that cannot be read or an engine that tells no log-probabilities."""
    if sample.differential is None:
        return None
    if measure == "likelihood_word":
        low, high = sample.differential.hypotheses[0].likelihood.band
        return (low + high) / 200
    chosen = first_diagnosis(pieces) if measure == "diagnosis_logprob" else _thoughts(pieces)
    scored = [(piece.logprob, piece.tokens) for piece in chosen if piece.logprob is not None and piece.tokens]
    return math.exp(sum(score for score, _ in scored) / sum(tokens for _, tokens in scored)) if scored else None


def first_diagnosis(pieces: Sequence[Text]) -> list[Text]:
    """The pieces of an answer that write its first diagnosis: what stands between "1. " and " | "."""
    found, text = [], ""
    for piece in pieces:
        if piece.phase != "answer":
            continue
        before, text = text, text + piece.text
        if "|" in before or "\n" in before.strip():
            break
        if len(text.lstrip()) > len("1. "):
            found.append(piece)
    return found[:-1] if found and found[-1].text.strip() == "|" else found


def softmax(confidences: Sequence[float | None], temperature: float) -> list[float]:
    """Weights that add up to 1; a confidence of None weighs nothing, unless nothing is known at all: then all weigh the same."""
    known = [value for value in confidences if value is not None]
    if not known:
        return [1 / len(confidences)] * len(confidences)
    raw = [math.exp((value - max(known)) / temperature) if value is not None else 0.0 for value in confidences]
    return [value / sum(raw) for value in raw]


def _thoughts(pieces: Sequence[Text]) -> list[Text]:
    return [piece for piece in pieces if piece.phase == "thinking" and not piece.forced] or list(pieces)


def _told(drawn: Drawn, found: Sequence[float | None], weights: Sequence[float]) -> tuple[str, ...]:
    """What the weights changed, or that there were none."""
    read = [(sample.differential, weight) for sample, weight in zip(drawn.samples, weights, strict=True) if sample.differential is not None]
    if not read:
        return ()
    if not any(value is not None for value in found):
        return ("This engine tells no log-probabilities: all ballots weighed the same.",)
    ballots = [ballot for ballot, _ in read]
    plain, weighted = tally(ballots)[0], tally(ballots, weights=[weight for _, weight in read])[0]
    if plain.diagnosis == weighted.diagnosis:
        return ()
    return (
        f"The weights changed the leader: by plain count it would be {plain.diagnosis} with {plain.first} of {len(drawn.samples)} votes.",
    )
