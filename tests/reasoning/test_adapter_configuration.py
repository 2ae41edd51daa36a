"""Configurations of adapter training: files that inherit, one model that validates."""

from pathlib import Path

import pytest

from reasoning.training.adapters.configuration import configuration_file, configuration_names, load_configuration
from reasoning.training.adapters.errors import ConfigurationError

MINIMAL = 'summary = "x"\nlearning_rate = 1e-4\nbatch = 4\nepochs = 1\n'


def written(folder: Path, text: str, name: str = "own.toml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_every_configuration_that_ships_is_valid() -> None:
    assert {"paper", "s1", "qlora-32b-one-gpu", "zero3", "fsdp", "demonstration"} == set(configuration_names())
    assert all(load_configuration(name).name == name for name in configuration_names())
    assert configuration_file("zero3.json").is_file()
    assert configuration_file("fsdp.yaml").is_file()


def test_the_published_recipes_are_those_of_the_papers() -> None:
    paper, s1 = load_configuration("paper"), load_configuration("s1")
    assert (paper.learning_rate, paper.batch, paper.epochs, paper.records) == (1e-4, 8, 3, 500)
    assert (s1.learning_rate, s1.batch, s1.epochs, s1.records) == (1e-5, 16, 5, 1000)
    assert (s1.schedule, s1.warmup, s1.weight_decay, s1.betas, s1.longest) == ("cosine", 0.05, 1e-4, (0.9, 0.95), 32768)


def test_a_configuration_has_what_it_extends_and_what_it_changes(tmp_path: Path) -> None:
    qlora, paper = load_configuration("qlora-32b-one-gpu"), load_configuration("paper")
    assert (qlora.quantization, paper.quantization) == ("nf4", "none")
    assert (qlora.learning_rate, qlora.batch) == (paper.learning_rate, paper.batch)
    written(tmp_path, 'extends = "paper"\nrank = 8\nsummary = "mine"', "first.toml")
    own = load_configuration(written(tmp_path, 'extends = "first.toml"\nseed = 5'))
    assert (own.name, own.rank, own.seed, own.learning_rate, own.summary) == ("own", 8, 5, 1e-4, "mine")


def test_another_schedule_leaves_the_clock_behind(tmp_path: Path) -> None:
    own = load_configuration(written(tmp_path, 'extends = "demonstration"\nschedule = "linear"'))
    assert (own.schedule, own.minutes, own.rank) == ("linear", None, 24)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL + "learning_rat = 1", "learning_rat"),
        (MINIMAL + "rank = 0", "rank"),
        ('extends = "papers"', "no configuration papers: choose demonstration, fsdp, paper"),
        ('extends = "none.toml"', "none.toml cannot be read"),
        ('extends = "own.toml"', "extends itself"),
        ("rank = ", "is not TOML"),
        ('extends = "qlora-32b-one-gpu"\nsharding = "zero3"', 'set quantization = "none"'),
        (MINIMAL + 'schedule = "clock"', "set both or neither"),
        (MINIMAL + "minutes = 3", "set both or neither"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_configuration(written(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 1 or "TOML" in said


def test_the_batch_of_a_recipe_stays_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    own = load_configuration(written(tmp_path, 'extends = "paper"\nper_device = 2'))
    assert [own.accumulation(processes) for processes in (1, 2, 4)] == [4, 2, 1]
    for impossible in (3, 8):
        with pytest.raises(ConfigurationError, match="cannot be divided among"):
            own.accumulation(impossible)
