"""The first shape: cases, runs, what happened in them, what came out, and what people said.

Written so that it never changes: it names its own types and values, and imports nothing of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def choice(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_sha256", sa.String(), nullable=False),
        sa.Column("origin", choice("pasted", "library", "generated", "benchmark", name="origin"), nullable=False),
        sa.Column("gold", sa.String()),
        sa.Column("gold_synonyms", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_text_sha256", "cases", ["text_sha256"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("budget", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("status", choice("queued", "running", "finished", "cancelled", "failed", "interrupted", name="status"), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("prompt", sa.String()),
        sa.Column("prompt_sha256", sa.String()),
        sa.Column("adapter", sa.String()),
        sa.Column("tuned", sa.Boolean(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("usage", sa.JSON()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_runs_case_id_cases", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_case_id", "runs", ["case_id"])
    op.create_index("ix_runs_created_at_id", "runs", ["created_at", "id"])
    op.create_index("ix_runs_status", "runs", ["status"])
    op.create_index("ix_runs_strategy", "runs", ["strategy"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_events_run_id_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("run_id", "sequence", name="uq_events_run_id_sequence"),
    )
    op.create_table(
        "samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("trace_text", sa.String(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("finish", choice("stop", "length", "cancelled", name="finish"), nullable=False),
        sa.Column("usage", sa.JSON(), nullable=False),
        sa.Column("mean_logprob", sa.Double()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_samples_run_id_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_samples"),
    )
    op.create_index("ix_samples_run_id_sample", "samples", ["run_id", "sample"])
    op.create_table(
        "differentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("sample_id", sa.Integer()),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_differentials_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sample_id"], ["samples.id"], name="fk_differentials_sample_id_samples", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_differentials"),
    )
    op.create_index("ix_differentials_run_id", "differentials", ["run_id"])
    op.create_index("ix_differentials_sample_id", "differentials", ["sample_id"])
    op.create_table(
        "hypotheses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("differential_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("diagnosis", sa.String(), nullable=False),
        sa.Column("status", choice("leading", "plausible", "unlikely", "excluded", name="status"), nullable=False),
        sa.Column(
            "likelihood", choice("very likely", "likely", "possible", "unlikely", "very unlikely", name="likelihood"), nullable=False
        ),
        sa.Column("likelihood_source", choice("model's words", "vote share", name="likelihood_source"), nullable=False),
        sa.Column("band_low", sa.Integer(), nullable=False),
        sa.Column("band_high", sa.Integer(), nullable=False),
        sa.Column("votes", sa.JSON()),
        sa.Column("cannot_miss", sa.Boolean(), nullable=False),
        sa.Column("cannot_miss_source", choice("knowledge", "model", "unknown", name="cannot_miss_source"), nullable=False),
        sa.Column("icd10", sa.String()),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("settling_test", sa.String()),
        sa.ForeignKeyConstraint(
            ["differential_id"], ["differentials.id"], name="fk_hypotheses_differential_id_differentials", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hypotheses"),
    )
    op.create_index("ix_hypotheses_differential_id", "hypotheses", ["differential_id"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("differential_id", sa.Integer(), nullable=False),
        sa.Column("hypothesis_id", sa.Integer()),
        sa.Column("polarity", choice("supporting", "refuting", "unexplained", name="polarity"), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("start_char", sa.Integer()),
        sa.Column("end_char", sa.Integer()),
        sa.Column("match", choice("unchecked", "exact", "normalised", "close", "not found", name="match"), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(hypothesis_id IS NULL) = (polarity = 'unexplained')", name=op.f("ck_evidence_unexplained_has_no_hypothesis")),
        sa.CheckConstraint("verified = (start_char IS NOT NULL)", name=op.f("ck_evidence_verified_has_a_place")),
        sa.ForeignKeyConstraint(
            ["differential_id"], ["differentials.id"], name="fk_evidence_differential_id_differentials", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["hypothesis_id"], ["hypotheses.id"], name="fk_evidence_hypothesis_id_hypotheses", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_differential_id", "evidence", ["differential_id"])
    op.create_index("ix_evidence_hypothesis_id", "evidence", ["hypothesis_id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("hypothesis_id", sa.Integer()),
        sa.Column("kind", choice("run", "hypothesis", name="kind"), nullable=False),
        sa.Column("diagnosis", sa.String()),
        sa.Column("useful", sa.Boolean()),
        sa.Column("verdict", choice("agree", "disagree", name="verdict")),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("right_diagnosis", sa.String()),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supersedes", sa.Integer()),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(kind = 'hypothesis') = (diagnosis IS NOT NULL)", name=op.f("ck_feedback_hypothesis_has_a_diagnosis")),
        sa.ForeignKeyConstraint(["hypothesis_id"], ["hypotheses.id"], name="fk_feedback_hypothesis_id_hypotheses", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_feedback_run_id_runs", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["supersedes"], ["feedback.id"], name="fk_feedback_supersedes_feedback", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("supersedes", name="uq_feedback_supersedes"),
    )
    op.create_index("ix_feedback_hypothesis_id", "feedback", ["hypothesis_id"])
    op.create_index("ix_feedback_run_id", "feedback", ["run_id"])

    guard_feedback()


def downgrade() -> None:
    op.execute("DROP TRIGGER feedback_no_delete")
    op.execute("DROP TRIGGER feedback_no_update")
    op.drop_index("ix_feedback_run_id", table_name="feedback")
    op.drop_index("ix_feedback_hypothesis_id", table_name="feedback")
    op.drop_table("feedback")
    op.drop_index("ix_evidence_hypothesis_id", table_name="evidence")
    op.drop_index("ix_evidence_differential_id", table_name="evidence")
    op.drop_table("evidence")
    op.drop_index("ix_hypotheses_differential_id", table_name="hypotheses")
    op.drop_table("hypotheses")
    op.drop_index("ix_differentials_sample_id", table_name="differentials")
    op.drop_index("ix_differentials_run_id", table_name="differentials")
    op.drop_table("differentials")
    op.drop_index("ix_samples_run_id_sample", table_name="samples")
    op.drop_table("samples")
    op.drop_table("events")
    op.drop_index("ix_runs_strategy", table_name="runs")
    op.drop_index("ix_runs_status", table_name="runs")
    op.drop_index("ix_runs_created_at_id", table_name="runs")
    op.drop_index("ix_runs_case_id", table_name="runs")
    op.drop_table("runs")
    op.drop_index("ix_cases_text_sha256", table_name="cases")
    op.drop_table("cases")


def guard_feedback() -> None:
    """What was said stays said. A migration that rebuilds the table (batch_alter_table) drops these: it must make them again."""
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER feedback_no_{verb.lower()} BEFORE {verb} ON feedback BEGIN SELECT RAISE(ABORT, 'feedback is append-only'); END"
        )
