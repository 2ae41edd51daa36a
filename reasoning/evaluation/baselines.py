"""What a language model has to beat: naive Bayes over recognised phrases, and over plain words."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cases.generator import (
    EVIDENCE_TEMPERATURE,
    EXCLUSION_PENALTY,
    ONSET_FLOOR,
    PREVALENCE_FLATTENING,
    GeneratedCase,
    Sex,
    prior,
    probability,
)
from cases.knowledge import Condition, Knowledge, load_knowledge
from cases.knowledge.schema import Onset
from reasoning.phrases import recognise, words_of

_AGE = re.compile(
    r"\b(\d{1,3})[- ]?(?:years?|yrs?|y/?o?|yo)\b[- ]*(?:old)?"
    r"|\b(?:aged?|I'm|I am)\s+(\d{1,3})\b"
    r"|^\W*(\d{1,3})\s?[FM]\b"
    r"|\b(\d{1,3})[FM]\b",
    re.IGNORECASE,
)
_FEMALE = re.compile(r"\b(?:woman|female|girl|lady|she|her|mrs|ms)\b|\b\d{1,3}\s?(?:yo|y/o)?\s?[Ff]\b", re.I)
_MALE = re.compile(r"\b(?:man|male|boy|gentleman|he|his|mr)\b|\b\d{1,3}\s?(?:yo|y/o)?\s?[Mm]\b", re.I)
_ONSETS = (
    (Onset.sudden, r"sudden|all at once|in an instant|within seconds|minutes ago"),
    (Onset.hours, r"\b\d+\s*(?:hrs?|hours?)\b|since (?:this morning|last night)"),
    (Onset.days, r"\b\d+\s*(?:days?)\b|\b\d+/7\b|x \d+d\b|since the weekend"),
    (Onset.weeks, r"\b\d+\s*(?:wks?|weeks?)\b|\b\d+/52\b|better part of a month"),
    (Onset.months, r"\b\d+\s*months?\b|\b\d+/12\b|last season"),
    (Onset.years, r"for \d+ (?:yrs?|years?)|on and off for|for years|\d+ (?:yrs?|years)\b(?! ago|[- ]old)|as long as can be"),
)
_ONSET_PATTERNS = tuple((onset, re.compile(pattern, re.I)) for onset, pattern in _ONSETS)

Ranking = list[tuple[str, float]]


def read_patient(text: str) -> tuple[int | None, Sex | None, Onset | None]:
    """Age, sex and time course where the note's opening states them plainly."""
    opening = text[:400]
    match = _AGE.search(opening)
    age = next((int(value) for value in match.groups() if value), None) if match else None
    female, male = _FEMALE.search(opening), _MALE.search(opening)
    sex: Sex | None = None
    if female or male:
        sex = "female" if female and (not male or female.start() < male.start()) else "male"
    hits = [(found.start(), onset) for onset, pattern in _ONSET_PATTERNS if (found := pattern.search(opening))]
    return age if age is not None and age <= 120 else None, sex, min(hits, key=lambda hit: hit[0])[1] if hits else None


def naive_bayes(text: str, knowledge: Knowledge | None = None) -> Ranking:
    """Conditions by posterior, given the phrases recognised in the text: the generator's own model, read by exact phrases."""
    knowledge = knowledge or load_knowledge()
    age, sex, onset = read_patient(text)
    stated = {found.finding: found.present for found in recognise(text, knowledge) if found.finding}
    logs = {}
    for condition in knowledge.conditions.values():
        evidence = math.log(max(condition.time_course.get(onset, 0.0), ONSET_FLOOR)) if onset else 0.0
        for finding, present in stated.items():
            p = probability(knowledge, condition, finding)
            evidence += math.log(p if present else 1 - p)
            evidence += EXCLUSION_PENALTY if present and finding in condition.excluding else 0.0
        logs[condition.id] = math.log(_prior(condition, age, sex)) + EVIDENCE_TEMPERATURE * evidence
    return _ranked(list(logs), np.array(list(logs.values())))


def _prior(condition: Condition, age: int | None, sex: Sex | None) -> float:
    if age is not None and sex is not None:
        return prior(condition, age, sex)
    if age is not None:
        return prior(condition, age, "female") + prior(condition, age, "male")
    by_sex = 1.0 if sex is None else condition.prevalence.female if sex == "female" else 1 - condition.prevalence.female
    return condition.prevalence.weight**PREVALENCE_FLATTENING * max(by_sex, 1e-4)


def _ranked(names: list[str], logs: "np.ndarray[Any, np.dtype[np.float64]]") -> Ranking:
    weights = np.exp(logs - logs.max())
    shares = weights / weights.sum()
    return [(names[i], float(shares[i])) for i in np.argsort(-shares, kind="stable")]


def _features(text: str) -> list[str]:
    """The words of a text; numbers lose their value."""
    return ["#" if word.text[0].isdigit() else word.text for word in words_of(text)]


@dataclass(frozen=True)
class WordModel:
    """Multinomial naive Bayes over words (McCallum and Nigam 1998)."""

    conditions: tuple[str, ...]
    index: dict[str, int]
    log_words: "np.ndarray[Any, np.dtype[np.float64]]"
    log_prior: "np.ndarray[Any, np.dtype[np.float64]]"

    def rank(self, text: str) -> Ranking:
        """Conditions by posterior; words never seen in training say nothing."""
        seen = [self.index[f] for f in _features(text) if f in self.index]
        return _ranked(list(self.conditions), self.log_prior + self.log_words[:, seen].sum(axis=1))


def fit_words(cases: Iterable[GeneratedCase], smoothing: float = 0.1) -> WordModel:
    """A bag-of-words model fitted to generated cases."""
    rows = [(case.condition.id, _features(case.case.text)) for case in cases]
    if not rows:
        raise ValueError("a word model needs at least one case")
    conditions = tuple(sorted({name for name, _ in rows}))
    place = {name: i for i, name in enumerate(conditions)}
    index: dict[str, int] = {}
    for _, features in rows:
        for feature in features:
            index.setdefault(feature, len(index))
    counts = np.full((len(conditions), len(index)), smoothing)
    prior_counts = np.zeros(len(conditions))
    for name, features in rows:
        prior_counts[place[name]] += 1
        np.add.at(counts[place[name]], [index[f] for f in features], 1)
    return WordModel(conditions, index, np.log(counts / counts.sum(axis=1, keepdims=True)), np.log(prior_counts / prior_counts.sum()))
