"""From the records of an evaluation to its figures, and from the figures to a report for people."""

from reasoning.evaluation.report.build import build_report
from reasoning.evaluation.report.summary import summarise

__all__ = ["build_report", "summarise"]
