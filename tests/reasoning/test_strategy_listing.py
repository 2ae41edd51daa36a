"""What is said of strategies where people choose them."""

from pathlib import Path

import reasoning
from reasoning.strategies import FAMILIES, kind, names
from reasoning.strategies.listing import markdown_table, parameters, rows

DOCUMENT = Path(reasoning.__file__).parents[1] / "docs" / "strategies.md"


def test_the_documented_table_is_the_one_that_the_code_gives() -> None:
    text = DOCUMENT.read_text("utf-8")
    table = text.partition("<!-- table -->\n")[2].partition("\n<!-- end of table -->")[0]
    assert table == markdown_table(), "paste what `soliloquy strategies --markdown` prints"


def test_families_come_in_their_order_and_the_basic_ones_first() -> None:
    families = [row[1] for row in rows()]
    assert families == sorted(families, key=FAMILIES.index)
    assert names()[:4] == ("vanilla", "cot", "longstep", "longmonolog")
    many = [name for name in names() if kind(name).family == "many chains"]
    assert many[0] == "majority_vote"


def test_every_parameter_is_typed_as_it_would_be_set() -> None:
    assert parameters("multi_temperature")["temperatures"] == "0.4/0.7/1.0"
    for name in names():
        cls = kind(name)
        typed = {field: value for field, value in parameters(name).items() if value != "none"}
        assert cls.model_validate(typed) == cls()
