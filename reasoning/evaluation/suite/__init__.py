"""Runs many strategies over a data set, keeps every answer as it comes, and goes on after any interruption."""

from reasoning.evaluation.suite.arms import Arm, parse_arms, swept
from reasoning.evaluation.suite.errors import SuiteError
from reasoning.evaluation.suite.folder import read_folder
from reasoning.evaluation.suite.plan import Plan, Prepared, prepare, prepare_again
from reasoning.evaluation.suite.record import Record
from reasoning.evaluation.suite.run import Progress, run_in_batches, run_suite

__all__ = [
    "Arm",
    "Plan",
    "Prepared",
    "Progress",
    "Record",
    "SuiteError",
    "parse_arms",
    "prepare",
    "prepare_again",
    "read_folder",
    "run_in_batches",
    "run_suite",
    "swept",
]
