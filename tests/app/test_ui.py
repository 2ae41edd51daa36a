"""What is drawn from text that people and models wrote."""

import pytest
from streamlit.testing.v1 import AppTest

from app.drafts import Drafts
from app.server import SAFE_FLAGS, streamlit_command
from app.ui.about import below_this_page
from app.ui.compose import title_of
from app.ui.differential import grouped, quotes
from app.ui.note import Span, marked, pieces_of, spans_of
from app.ui.trace import steps_html
from app.ui.words import band, duration, source, strategy_about, strategy_title, thinks
from cases.case import read_case
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status, VoteShare
from reasoning.strategies import build, kind, names
from reasoning.trace_steps import cut

NOTE = "58M <b>sudden</b> pain & no fever"


def hypothesis(rank: int, likelihood: Likelihood, cannot_miss: bool = False) -> Hypothesis:
    return Hypothesis(rank=rank, diagnosis=f"D{rank}", status=Status.plausible, likelihood=likelihood, cannot_miss=cannot_miss)


def test_a_note_is_escaped_and_keeps_every_character() -> None:
    html = marked(NOTE, [Span(4, 17, "for", 'for <i>"x"')])
    assert "<b>" not in html
    assert '<mark class="sol-for" title="for &lt;i&gt;&quot;x&quot;">&lt;b&gt;sudden&lt;/b&gt;</mark> pain &amp; no fever' in html


def test_overlapping_evidence_is_cut_into_pieces() -> None:
    html = marked("abcdef", [Span(0, 4, "for", "A"), Span(2, 6, "against", "B")])
    assert html == (
        '<mark class="sol-for" title="A">ab</mark>'
        '<mark class="sol-both" title="A; B">cd</mark>'
        '<mark class="sol-against" title="B">ef</mark>'
    )


def test_a_piece_is_on_both_sides_only_where_they_overlap() -> None:
    apart = [Span(0, 2, "for", "A"), Span(4, 6, "against", "B")]
    assert [side for _, side, _ in pieces_of("abcdef", apart)] == ["for", "", "against"]


def test_a_title_ends_with_a_whole_word() -> None:
    note = "58M with crushing chest pain for two hours, sweating, pale, and a history of hypertension"
    assert title_of(read_case(note), most=40) == "58M with crushing chest pain for two …"
    assert title_of(read_case(note)).startswith(note[:50])
    assert title_of(read_case("A" * 90 + " with chest pain since yesterday")) == "A" * 69 + " …"


def test_the_headings_of_a_model_card_stand_below_those_of_the_page() -> None:
    assert below_this_page("# Model\n## Limits\nno # heading\n#nor this") == "### Model\n#### Limits\nno # heading\n#nor this"


@pytest.mark.parametrize("span", [Span(-1, 2, "for", ""), Span(3, 99, "for", ""), Span(2, 2, "for", "")])
def test_a_span_outside_the_note_is_not_marked(span: Span) -> None:
    assert marked("abc", [span]) == "abc"


def test_only_verified_quotations_are_marked_and_a_chosen_hypothesis_has_its_own() -> None:
    found, lost = Quotation(quote="no fever", start=25, end=33, match="exact"), Quotation(quote="a rash", match="not found")
    first = hypothesis(1, Likelihood.likely).model_copy(update={"supporting": (found, lost)})
    both = Differential(hypotheses=(first, hypothesis(2, Likelihood.unlikely)), unexplained=(found,))
    assert [(span.side, span.about) for span in spans_of(both)] == [("for", "for D1"), ("plain", "explained by none")]
    assert spans_of(both, both.hypotheses[1]) == []
    assert "not found in the note" in quotes((lost,), "for")
    assert "not found" not in quotes((found,), "for")


def test_danger_stands_apart_from_likelihood() -> None:
    rows = (
        hypothesis(1, Likelihood.possible, cannot_miss=True),
        hypothesis(2, Likelihood.possible),
        hypothesis(3, Likelihood.unlikely),
        hypothesis(4, Likelihood.very_unlikely, cannot_miss=True),
    )
    groups = {title: [row.rank for row in group] for title, group in grouped(Differential(hypotheses=rows))}
    assert groups == {"Most likely": [1, 2], "Can’t miss even if unlikely": [4], "Other": [3]}


def test_a_likelihood_is_a_word_with_a_range_and_a_source() -> None:
    row = hypothesis(1, Likelihood.likely)
    assert (band(row.likelihood), source(row)) == ("Likely, 60–80 %", "the model’s own words")
    voted = row.model_copy(update={"votes": VoteShare(first=3, listed=4, samples=5), "likelihood_source": "vote share"})
    assert source(voted) == "ranked first by 3 of 5 samples, listed by 4"


def test_steps_are_escaped() -> None:
    html = steps_html(cut("## Findings\n+ <img src=x> = fever\n## Conclusion\nA > B"), writing=True)
    assert "<img" not in html
    assert html.count("<section") == 2
    assert html.count("sol-cursor") == 1


def test_drafts_are_found_by_name_only_and_the_oldest_go() -> None:
    drafts = Drafts(most=2)
    first = drafts.keep(None, "one")
    assert drafts.keep(first, "one and a half") == first
    drafts.keep(None, "two")
    assert drafts.find(first) == "one and a half"
    drafts.keep(None, "three")
    assert drafts.find(first) == drafts.find(None) == drafts.find("guess") == ""
    emptied = drafts.keep(None, " ")
    assert drafts.find(emptied) == ""


@pytest.mark.parametrize(("seconds", "said"), [(0.44, "0.4 s"), (12.3, "12 s"), (75, "1 min 15 s"), (7300, "2 h 1 min")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize("name", names())
def test_every_strategy_has_words(name: str) -> None:
    assert strategy_title(name) != name
    assert strategy_about(name)
    assert thinks(name) == (name != "vanilla")


def test_a_strategy_that_is_gone_keeps_its_name() -> None:
    assert strategy_title("tarot") == "tarot"


def test_the_server_listens_where_it_is_told_and_shows_no_trace() -> None:
    command = streamlit_command(8600, "127.0.0.1")
    assert "--server.port=8600" in command
    assert "--server.address=127.0.0.1" in command
    assert SAFE_FLAGS["client.showErrorDetails"] == "none"


def budget_page() -> None:
    import streamlit as st

    from app.ui.strategy_form import choose_budget, choose_strategy

    name, parameters = choose_strategy()
    st.session_state["got"] = (name, parameters, choose_budget(name, parameters, st.session_state["context"]))


def form(context: int | None) -> AppTest:
    page = AppTest.from_function(budget_page, default_timeout=60)
    page.session_state["context"] = context
    return page.run()


def test_the_budget_is_capped_at_the_context_and_says_why() -> None:
    page = form(2048)
    assert page.session_state["got"][2].thinking_tokens == 1024
    assert any("2,048 and 4,096 need a larger model" in caption.value for caption in page.caption)
    assert not any("larger model" in caption.value for caption in form(32_768).caption)


def test_a_vote_has_its_own_settings() -> None:
    page = form(None)
    page.radio(key="strategy").set_value("majority_vote").run()
    page.number_input(key="majority_vote_samples").set_value(9).run()
    page.number_input(key="seed").set_value(7).run()
    name, parameters, budget = page.session_state["got"]
    assert (name, parameters, budget.seed) == ("majority_vote", {"samples": 9, "temperature": 0.7, "inner": "longmonolog"}, 7)
    assert not page.exception


def test_five_strategies_are_offered_at_a_glance_and_the_others_behind_one_more_choice() -> None:
    page = form(None)
    assert [*page.radio(key="strategy").options][-1] == "More strategies"
    assert len(page.radio(key="strategy").options) == 6
    page.radio(key="strategy").set_value("more").run()
    more = page.selectbox(key="more_strategy")
    assert len(more.options) == len(names()) - 5
    for name in names():
        if not kind(name).basic:
            more.set_value(name).run()
            assert not page.exception
            chosen, parameters, budget = page.session_state["got"]
            assert (chosen, build(chosen, **parameters)) == (name, build(name)), "what the form shows first is the default"
            assert budget.thinking_tokens
            assert any(kind(name).summary == caption.value for caption in page.caption)
            more = page.selectbox(key="more_strategy")
