"""The tables. Nothing here leaves the package: `records` turns rows into plain values."""

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from cases.case import Origin
from reasoning.differential import Hypothesis, Likelihood, Quotation, Status
from reasoning.events import Finish
from storage.columns import CleanText, UtcDateTime, choice
from storage.values import FeedbackKind, Polarity, RunStatus, Verdict

_MATCHES = get_args(Quotation.model_fields["match"].annotation)
_LIKELIHOOD_SOURCES = get_args(Hypothesis.model_fields["likelihood_source"].annotation)
_CANNOT_MISS_SOURCES = get_args(Hypothesis.model_fields["cannot_miss_source"].annotation)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: CleanText(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class CaseRow(Base):
    """A case as it was reasoned about; never changed once stored."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    text_sha256: Mapped[str] = mapped_column(index=True)
    origin: Mapped[Origin] = mapped_column(choice(Origin, "origin"))
    gold: Mapped[str | None]
    gold_synonyms: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    created_at: Mapped[datetime]


class RunRow(Base):
    """One strategy at work on one case, with what is needed to explain it years later."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_created_at_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), index=True)
    strategy: Mapped[str] = mapped_column(index=True)
    parameters: Mapped[dict[str, Any]]
    budget: Mapped[dict[str, Any]]
    seed: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[RunStatus] = mapped_column(choice(RunStatus, "status"), index=True)
    card: Mapped[dict[str, Any]]
    prompt: Mapped[str | None]
    prompt_sha256: Mapped[str | None]
    adapter: Mapped[str | None]
    tuned: Mapped[bool]
    app_version: Mapped[str]
    warnings: Mapped[list[Any]]
    message: Mapped[str]
    usage: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class EventRow(Base):
    """What happened, in order: the record of the run. The other tables are an index of it."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("run_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    # Not a checked choice: every new family of strategies brings new kinds, and reasoning.events already checks them.
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class SampleRow(Base):
    """One finished sample. Not unique per number: a strategy that finishes a sample twice must not lose the run."""

    __tablename__ = "samples"
    __table_args__ = (Index("ix_samples_run_id_sample", "run_id", "sample"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    sample: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    trace_text: Mapped[str]
    steps: Mapped[list[Any]]
    answer: Mapped[str]
    finish: Mapped[str] = mapped_column(choice(get_args(Finish), "finish"))
    usage: Mapped[dict[str, Any]]
    mean_logprob: Mapped[float | None]


class DifferentialRow(Base):
    """A ranked list: of one sample, or of the whole run where `sample_id` is null."""

    __tablename__ = "differentials"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    sample_id: Mapped[int | None] = mapped_column(ForeignKey("samples.id", ondelete="CASCADE"), index=True)
    next_step: Mapped[str]

    hypotheses: Mapped[list["HypothesisRow"]] = relationship(lazy="raise", order_by="HypothesisRow.position", passive_deletes=True)
    evidence: Mapped[list["EvidenceRow"]] = relationship(lazy="raise", order_by="EvidenceRow.id", passive_deletes=True)


class HypothesisRow(Base):
    """One candidate diagnosis. The band is kept beside the word, so that a later change of bands rewrites no history."""

    __tablename__ = "hypotheses"

    id: Mapped[int] = mapped_column(primary_key=True)
    differential_id: Mapped[int] = mapped_column(ForeignKey("differentials.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    rank: Mapped[int]
    diagnosis: Mapped[str]
    status: Mapped[Status] = mapped_column(choice(Status, "status"))
    likelihood: Mapped[Likelihood] = mapped_column(choice(Likelihood, "likelihood"))
    likelihood_source: Mapped[str] = mapped_column(choice(_LIKELIHOOD_SOURCES, "likelihood_source"))
    band_low: Mapped[int]
    band_high: Mapped[int]
    votes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cannot_miss: Mapped[bool]
    cannot_miss_source: Mapped[str] = mapped_column(choice(_CANNOT_MISS_SOURCES, "cannot_miss_source"))
    icd10: Mapped[str | None]
    missing: Mapped[list[Any]]
    settling_test: Mapped[str | None]


class EvidenceRow(Base):
    """One quotation, for or against a hypothesis, or explained by none of them."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("(hypothesis_id IS NULL) = (polarity = 'unexplained')", name="unexplained_has_no_hypothesis"),
        CheckConstraint("verified = (start_char IS NOT NULL)", name="verified_has_a_place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    differential_id: Mapped[int] = mapped_column(ForeignKey("differentials.id", ondelete="CASCADE"), index=True)
    hypothesis_id: Mapped[int | None] = mapped_column(ForeignKey("hypotheses.id", ondelete="CASCADE"), index=True)
    polarity: Mapped[Polarity] = mapped_column(choice(Polarity, "polarity"))
    quote: Mapped[str]
    start_char: Mapped[int | None]
    end_char: Mapped[int | None]
    match: Mapped[str] = mapped_column(choice(_MATCHES, "match"))
    verified: Mapped[bool]

    hypothesis: Mapped[HypothesisRow | None] = relationship(lazy="raise")


class FeedbackRow(Base):
    """What a person said. Append-only, by triggers in the database: a change is a new row that supersedes the old one."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("(kind = 'hypothesis') = (diagnosis IS NOT NULL)", name="hypothesis_has_a_diagnosis"),
        UniqueConstraint("supersedes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="RESTRICT"), index=True)
    hypothesis_id: Mapped[int | None] = mapped_column(ForeignKey("hypotheses.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[FeedbackKind] = mapped_column(choice(FeedbackKind, "kind"))
    diagnosis: Mapped[str | None]
    useful: Mapped[bool | None]
    verdict: Mapped[Verdict | None] = mapped_column(choice(Verdict, "verdict"))
    reason: Mapped[str]
    right_diagnosis: Mapped[str | None]
    comment: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[datetime]
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("feedback.id", ondelete="RESTRICT"))
    retracted: Mapped[bool]
