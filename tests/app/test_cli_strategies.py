"""Every strategy from the command line: it runs, it is kept, and the record gives the same differential again."""

import json

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.options import STRATEGIES, Inner
from cases.generator import generate_case
from reasoning.events import Started
from reasoning.report import fold
from reasoning.strategies import INNER, build, kind, names, rebuild
from storage.database import Database
from storage.records import load_run
from storage.values import RunStatus

NOTE = generate_case(3, "heldout").case.text


@pytest.mark.parametrize("name", names())
def test_a_run_of_every_strategy_is_kept_and_replays_to_the_same_differential(name: str, runner: CliRunner, kept: Database) -> None:
    result = runner.invoke(cli, ["reason", "-", "--strategy", name, "--seed", "3", "--json"], input=NOTE)
    assert result.exit_code == 0, result.stderr
    run = load_run(kept, json.loads(result.stdout)["run_id"])
    assert run is not None
    assert run.status is RunStatus.finished
    events = [entry.event for entry in run.events]
    replayed = fold(events)
    assert replayed.differential == run.differential
    assert json.loads(result.stdout)["differential"]["hypotheses"][0]["diagnosis"] == run.differential.hypotheses[0].diagnosis
    strategy, budget = rebuild(next(event for event in events if isinstance(event, Started)))
    assert strategy == build(name)
    assert (budget.seed, run.usage) == (3, replayed.usage)
    assert [sample.trace for sample in run.samples] == [sample.trace for sample in replayed.samples]


@pytest.mark.parametrize("name", names())
def test_every_strategy_says_what_it_is(name: str, runner: CliRunner) -> None:
    cls = kind(name)
    assert all((cls.title, cls.family, cls.summary.endswith("."), cls.source, cls.cost))
    result = runner.invoke(cli, ["strategies", name])
    assert result.exit_code == 0
    assert all(field in result.stdout for field in cls.model_fields)


def test_the_list_has_one_strategy_a_line_its_name_first(runner: CliRunner) -> None:
    lines = runner.invoke(cli, ["strategies"]).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(names())


def test_an_unknown_strategy_is_explained(runner: CliRunner) -> None:
    result = runner.invoke(cli, ["strategies", "guesswork"])
    assert result.exit_code != 0
    assert "choose one of vanilla" in result.stderr


def test_help_and_options_know_what_the_registry_knows() -> None:
    assert all(name in STRATEGIES for name in names())
    assert [each.value for each in Inner] == list(INNER)


def test_parameters_can_be_set(runner: CliRunner, home: object) -> None:
    asked = ["reason", "-", "-s", "budget_forcing", "--set", "minimum=40", "--set", "words=Wait/But is it so?", "--inner", "cot", "--json"]
    document = json.loads(runner.invoke(cli, asked, input=NOTE).stdout)
    assert document["parameters"]["minimum"] == 40
    assert document["parameters"]["words"] == ["Wait", "But is it so?"]
    assert document["parameters"]["inner"] == "cot"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-s", "cot", "--set", "rounds=3"], "has no parameter rounds; it takes none"),
        (["-s", "think_twice", "--set", "rounds"], "write NAME=VALUE"),
        (["-s", "think_twice", "--set", "rounds=many"], "rounds: Input should be a valid integer"),
        (["-s", "think_twice", "--samples", "3"], "takes no --samples"),
        (["-s", "multi_temperature", "--set", "temperatures=0.5"], "temperatures"),
    ],
)
def test_what_cannot_be_set_is_explained(options: list[str], said: str, runner: CliRunner, home: object) -> None:
    result = runner.invoke(cli, ["reason", "-", *options], input=NOTE)
    assert result.exit_code != 0
    assert said in " ".join(result.stderr.split())


def test_every_round_of_a_revision_is_shown_as_it_is_written(runner: CliRunner, home: object) -> None:
    shown = " ".join(runner.invoke(cli, ["reason", "-", "-s", "think_twice", "--inner", "cot"], input=NOTE).stdout.split())
    assert shown.index("first answer") < shown.index("sample 1:") < shown.index("answer 2") < shown.index("sample 2:")
