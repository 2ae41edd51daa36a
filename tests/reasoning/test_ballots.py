from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status
from reasoning.strategies.ballots import merge, share_word, tally

WORD = {1: Likelihood.likely, 2: Likelihood.possible, 3: Likelihood.unlikely}


def ballot(*names: str, supporting: str = "", refuting: str = "", word: Likelihood | None = None) -> Differential:
    def quote(text: str) -> tuple[Quotation, ...]:
        return (Quotation(quote=text, start=0, end=len(text), match="exact"),) if text else ()

    return Differential(
        hypotheses=tuple(
            Hypothesis(
                rank=i,
                diagnosis=name,
                status=Status.leading if i == 1 else Status.plausible,
                likelihood=word or WORD[i],
                supporting=quote(supporting) if i == 1 else (),
                refuting=quote(refuting) if i == 1 else (),
                missing=(f"m{i}",),
            )
            for i, name in enumerate(names, 1)
        ),
        next_step=f"test for {names[0]}",
    )


def test_first_votes_then_reciprocal_ranks_then_order() -> None:
    rows = tally([ballot("A", "B", "C"), ballot("C", "B", "A"), ballot("C", "B", "D"), ballot("A", "D", "C")])
    assert [(row.diagnosis, row.first, row.listed) for row in rows] == [("C", 2, 4), ("A", 2, 3), ("B", 0, 3), ("D", 0, 2)]
    tie = tally([ballot("A", "B", "C"), ballot("B", "A", "C")])
    assert [row.diagnosis for row in tie] == ["A", "B", "C"]


def test_names_of_one_disease_are_one_candidate() -> None:
    rows = tally([ballot("PE", "Pulmonary embolism", "X"), ballot("pulmonary embolus", "x", "Y")])
    assert [(row.diagnosis, row.first, row.listed) for row in rows][:2] == [("Pulmonary embolism", 2, 2), ("X", 0, 2)]


def test_words_come_from_the_share_and_never_rise() -> None:
    result = merge([ballot("A", "B", "C")] * 3 + [ballot("B", "C", "A")] * 2)
    first, second, third = result.hypotheses
    assert (first.likelihood, first.likelihood_source, first.status) == (Likelihood.possible, "vote share", Status.leading)
    assert (second.likelihood, second.likelihood_source, second.status) == (Likelihood.possible, "vote share", Status.plausible)
    assert (third.likelihood, third.likelihood_source) == (Likelihood.unlikely, "model's words")
    sure = merge([ballot("A", "B", "C", word=Likelihood.very_likely)] * 5).hypotheses
    assert [h.likelihood for h in sure] == [Likelihood.very_likely, Likelihood.unlikely, Likelihood.unlikely]
    assert merge([ballot("A", "B", "C")] * 2).hypotheses[0].likelihood == Likelihood.likely


def test_spoiled_ballots_lower_the_share() -> None:
    assert merge([ballot("A", "B", "C")] * 3, samples=5).hypotheses[0].likelihood == Likelihood.possible


def test_evidence_goes_to_the_side_most_samples_put_it() -> None:
    result = merge([ballot("A", "B", "C", supporting="fever")] * 2 + [ballot("A", "B", "C", refuting="fever")])
    assert [q.quote for q in result.hypotheses[0].supporting] == ["fever"]
    assert result.hypotheses[0].refuting == ()
    assert result.hypotheses[0].missing == ("m1",)
    assert result.next_step == "test for A"


def test_share_words_follow_the_bands() -> None:
    assert [share_word(s) for s in (0.9, 0.7, 0.4, 0.15, 0.02)] == list(Likelihood)
