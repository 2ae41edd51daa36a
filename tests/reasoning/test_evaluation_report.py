"""The report of an evaluation: figures that can be checked by hand, and pages that hold no case text unless asked."""

import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest

from cases.benchmarks import DATASETS
from reasoning.answer import read_answer
from reasoning.evaluation.report import build_report
from reasoning.evaluation.report.build import terms
from reasoning.evaluation.report.paper import column_of, published
from reasoning.evaluation.report.scaling import mean_slope
from reasoning.evaluation.report.votes import binomial_majority, winner
from reasoning.evaluation.statistics import bootstrap_ratio, holm
from reasoning.evaluation.suite import SuiteError, parse_arms, prepare, run_suite, swept
from reasoning.evaluation.suite.folder import keep_baselines
from reasoning.strategies import Budget
from reasoning.strategies.ballots import tally
from tests.reasoning.evaluation_examples import CHOICES, RIGHT, TOES, WRONG, Answering, differential, own, planned

NASTY = '<script>alert("note")</script> & "quoted" $x_1$ {{ 7 * 7 }}'


class Page(HTMLParser):
    """What a page holds: text, tags, ids, and every address it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.labels: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "action", "data"):
                self.addresses.append(value or "")
            if tag == "svg" and name == "aria-label":
                self.labels.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Four cases, a direct answer, a chain that is swept, and a vote whose ballots differ; a difficulty and a note full of markup."""
    place = tmp_path_factory.mktemp("evaluation")
    rows = [{**row, "difficulty": "hard <b>" if n % 2 else "easy"} for n, row in enumerate(TOES)]
    rows[0] = {**rows[0], "text": f"{rows[0]['text']} {NASTY}"}
    thought = ["He has a toe. " * n + "</think>" for n in (2, 30)]
    replies = {
        "man of 61": [[thought[1], WRONG], [thought[0], RIGHT], [thought[0], WRONG]],
        "man of": [[thought[0], RIGHT], [thought[1], WRONG], [thought[0], RIGHT]],
    }
    arms = parse_arms(["vanilla,cot,majority_vote:samples=3:inner=cot"], Budget())
    prepared = prepare(str(own(place, rows)), (*arms, *swept(arms, [16, 32])), model="scripted")
    run_suite(place / "out", prepared, lambda: Answering(replies))
    keep_baselines(place / "out", {"naive Bayes over words": {f"toe-{n}": n or None for n in range(4)}})
    build_report(place / "out")
    return place / "out"


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text("utf-8"))


# Figures


def test_every_strategy_has_its_figures_with_n_and_interval(folder: Path) -> None:
    found = summary(folder)
    assert (found["complete"], found["records"], found["kinds"]) == (True, 20, {"diagnosis": 4})
    direct = found["arms"][0]
    assert (direct["n"], direct["right"]["hits"], direct["diagnosis"]["recall"]["3"]["hits"]) == (4, 3, 4)
    assert direct["right"]["interval"][0] < 0.75 < direct["right"]["interval"][1]
    assert direct["diagnosis"]["mean_reciprocal_rank"]["value"] == pytest.approx((3 + 1 / 2) / 4)
    assert direct["tokens_per_right_answer"]["value"] == pytest.approx(4 * direct["answer_tokens"]["value"] / 3)
    assert direct["evidence_recall"]["value"] == 1.0
    assert found["baselines"][0]["recall"]["1"] == {
        "hits": 1,
        "n": 4,
        **{k: found["baselines"][0]["recall"]["1"][k] for k in ("value", "interval")},
    }


def test_strategies_are_compared_on_the_same_cases(folder: Path) -> None:
    rows = {(row["first"], row["second"]): row for row in summary(folder)["comparisons"]}
    assert len(rows) == 3, "forced lengths are points of a curve, and no strategies of their own"
    pair = rows["vanilla", "cot"]
    assert (pair["n"], pair["difference"]["value"], pair["mcnemar"]["p"]) == (4, 0, 1.0)
    assert pair["thinking_tokens"]["value"] > 0


def test_tokens_are_told_by_difficulty(folder: Path) -> None:
    by = {row["arm"]: row["bands"] for row in summary(folder)["difficulty"]["arms"]}
    assert list(by["cot"]) == ["easy", "hard <b>"]
    assert by["cot"]["hard <b>"]["mean"] > by["cot"]["easy"]["mean"]


def test_the_votes_curve_begins_with_one_sample_and_ends_with_what_was_measured(folder: Path) -> None:
    found = summary(folder)
    (curve,) = found["votes"]
    assert [point["votes"] for point in curve["points"]] == [1, 2, 3]
    # Three cases have two right ballots of three, one has one of three.
    assert curve["points"][0]["accuracy"] == curve["single"] == pytest.approx((3 * 2 / 3 + 1 / 3) / 4)
    measured = next(arm for arm in found["arms"] if arm["strategy"] == "majority_vote")
    assert curve["points"][-1]["accuracy"] == measured["right"]["value"] == 0.75
    assert curve["points"][-1]["binomial"] == pytest.approx(binomial_majority(3, curve["single"]))


def test_votes_are_counted_as_the_strategy_counts_them() -> None:
    one, two, three = "First disease", "Second disease", "Third disease"
    texts = [(one, two, three), (two, one, three), (three, one, two), (one, three, two)]
    for size in range(1, 5):
        for subset in combinations(texts, size):
            row = tally([read_answer(differential(*names)) for names in subset])[0]
            assert winner(subset) == row.diagnosis


def test_a_majority_of_independent_votes() -> None:
    assert binomial_majority(1, 0.7) == pytest.approx(0.7)
    assert binomial_majority(2, 0.7) == pytest.approx(0.7), "a tie counts half"
    assert binomial_majority(3, 0.7) == pytest.approx(0.7**3 + 3 * 0.7**2 * 0.3)


def test_control_scaling_and_performance_as_s1_defines_them(folder: Path) -> None:
    (row,) = summary(folder)["scaling"]
    assert (row["strategy"], row["lengths"], row["performance"]) == ("cot", [16, 32], 0.75)
    assert row["control"]["n"] == 8
    # Chains of six words are told to go on with "Wait" until the limit is near; those of ninety words are cut at it exactly.
    assert row["control"]["hits"] == 2
    assert row["scaling"] == pytest.approx(0.0)
    assert mean_slope([(0, 0.1), (1000, 0.3), (2000, 0.2)]) == pytest.approx(100 * (0.2 - 0.1 + 0.05) / 3)


def test_a_ratio_is_resampled_by_case_and_many_comparisons_are_paid_for() -> None:
    low, high = bootstrap_ratio([(1, 2)] * 30 + [(2, 2)] * 30)
    assert low < 0.75 < high
    assert bootstrap_ratio([(5, 0), (5, 1)])[1] == math.inf
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_unparsed_is_a_figure_of_its_own(tmp_path: Path) -> None:
    replies = {"man of 60": [["The answer is A.</answer>"]], "man of": [["Who knows.</answer>"]]}
    run_suite(tmp_path / "out", planned(own(tmp_path, CHOICES)), lambda: Answering(replies))
    (arm,) = build_report(tmp_path / "out")["arms"]
    assert (arm["options"]["accuracy"]["hits"], arm["options"]["unparsed"]["hits"], arm["n"]) == (1, 3, 4)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Unparsed, %" in page
    assert "Mean reciprocal rank</th>" not in page


def test_the_published_table_is_complete_and_told_apart(folder: Path) -> None:
    assert len(published()) == 26
    row = next(r for r in published() if (r.model, r.method) == ("Qwen2.5-32B", "LongMonolog, fine-tuned"))
    assert (row.mean, row.accuracy["jama"], row.tokens["jama"]) == (70.23, 53.71, 1098)
    assert (column_of("medqa-5"), column_of("jama"), column_of("own.jsonl")) == ("medqa", "jama", None)
    markdown = (folder / "report.md").read_text("utf-8")
    assert "published, not measured here: Huang et al. 2025" in markdown
    assert markdown.count("measured here;") + markdown.count("(measured here)") == 3


# Pages


def test_the_page_stands_alone_and_says_in_words_what_it_draws(folder: Path) -> None:
    page = Page((folder / "report.html").read_text("utf-8"))
    assert all(address.startswith("#") for address in page.addresses), "nothing is fetched"
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == len(page.labels) == 5
    assert "Share of right answers with 95 % intervals: Direct answer 75.0 %" in page.labels[0]
    assert "Majority vote, samples 3, inner cot" in [text.strip() for text in page.texts], "text in plots stays text"
    references = set(re.findall(r'(?:href="|url\()#([^")]+)', (folder / "report.html").read_text("utf-8")))
    assert references <= set(page.ids)


def test_no_case_text_is_in_a_report_unless_asked(folder: Path) -> None:
    for name in ("report.html", "report.md", "summary.json"):
        text = (folder / name).read_text("utf-8")
        assert "swollen toe" not in text
        assert "He has a toe" not in text
        assert "alert" not in text


def test_words_of_a_data_set_are_escaped(folder: Path) -> None:
    assert "hard <b>" not in (folder / "report.html").read_text("utf-8")
    assert "hard <b>" not in (folder / "report.md").read_text("utf-8")
    assert "hard <b>" in "".join(Page((folder / "report.html").read_text("utf-8")).texts)


def test_with_cases_everything_is_escaped(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("settings.json", "records.jsonl"):
        (copy / name).write_bytes((folder / name).read_bytes())
    build_report(copy, with_cases=True)
    page = Page((copy / "report.html").read_text("utf-8"))
    text = "".join(page.texts)
    assert "hot swollen toe" in text
    assert 'alert("note")' in text
    assert "{{ 7 * 7 }}" in text
    assert "script" not in page.tags
    assert "treat this file like the patients' records" in text


def test_an_unfinished_evaluation_says_so(tmp_path: Path) -> None:
    prepared = planned(own(tmp_path))
    with pytest.raises(SuiteError, match="not the folder of an evaluation"):
        build_report(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_suite(tmp_path / "out", prepared, lambda: Answering({"man": [[RIGHT]]}, breaks_after=60), at_once=1)
    assert not build_report(tmp_path / "out")["complete"]
    assert "not complete" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_the_documentation_lists_every_data_set_and_every_measure() -> None:
    text = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text("utf-8")
    for dataset in DATASETS.values():
        assert f"| `{dataset.name}` | {dataset.about} | {dataset.form} | {dataset.source} | {dataset.licence} |" in text
    assert all(f"- **{term['name']}**: {term['meaning']}" in text for term in terms())
