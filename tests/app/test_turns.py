"""Whose turn it is."""

from app.turns import Turns


def queue(*jobs: str) -> Turns[str]:
    """Jobs named by owner and number, such as "a1"."""
    turns: Turns[str] = Turns()
    for job in jobs:
        turns.add(job[0], job)
    return turns


def emptied(turns: Turns[str]) -> list[str]:
    return [job for job in iter(turns.take, None) if job]


def test_one_owner_is_served_in_order() -> None:
    assert emptied(queue("a1", "a2", "a3")) == ["a1", "a2", "a3"]


def test_owners_take_turns_however_many_jobs_one_of_them_has() -> None:
    assert emptied(queue("a1", "a2", "a3", "b1", "c1", "c2")) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_a_newcomer_goes_before_an_owner_who_was_just_served() -> None:
    turns = queue("a1", "a2")
    assert turns.take() == "a1"
    turns.add("b", "b1")
    assert emptied(turns) == ["b1", "a2"]


def test_who_leaves_and_comes_back_has_no_advantage_over_who_waited() -> None:
    turns = queue("a1", "b1", "c1")
    assert turns.take() == "a1"
    turns.add("a", "a2")
    assert emptied(turns) == ["b1", "c1", "a2"]


def test_the_order_that_is_shown_is_the_order_that_comes() -> None:
    turns = queue("a1", "a2", "b1", "c1", "b2", "a3")
    turns.take()
    assert turns.order() == emptied(turns)


def test_a_job_can_leave_from_anywhere() -> None:
    turns = queue("a1", "a2", "b1")
    assert turns.remove(turns.order()[2])
    assert not turns.remove("z9")
    assert len(turns) == 2
    assert emptied(turns) == ["a1", "b1"]
