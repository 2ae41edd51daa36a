"""The evaluations of this data folder: one line each."""

import streamlit as st

from app import services
from app.evaluating import OVER
from app.evaluation_folders import Earlier, earlier, home_of
from app.ui.html import draw, escaped, heading, icon, tag
from app.ui.words import moment
from reasoning.evaluation.report.words import interval, percent

PAGE = 20


def draw_earlier() -> None:
    """All evaluations, newest first."""
    home = services.settings().home
    found = earlier(home)
    heading("Evaluations so far")
    if not found:
        draw(f"{icon('monitoring')} None yet. They are kept in {escaped(home_of(home))}.", "sol-quiet")
        return
    most = len(found) if st.session_state.get("all_evaluations") else PAGE
    for one in found[:most]:
        _draw_row(one)
    if len(found) > most:
        st.button(f"Show all {len(found)}", key="all_evaluations_button", on_click=_show_all)


def _show_all() -> None:
    st.session_state["all_evaluations"] = True


def _draw_row(one: Earlier) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False, key=f"row_{one.id}"):
        live = services.queue().evaluations.live(one.id)
        at_work = live is not None and live.state not in OVER
        cases = f"{one.plan.items:,} case{'s' if one.plan.items != 1 else ''}"
        answers = f"{one.answers:,} of {one.wanted:,} answers"
        begun, said = moment(one.started), "right, with 95 % intervals" if one.figures else ""
        draw(
            f"<div><span>{escaped(one.plan.dataset)}, {cases}</span><small>{escaped(begun)} · {escaped(one.model)}</small></div>"
            f"<div><span>{_figures(one)}</span><small>{said}</small></div>"
            f"<div>{_status(one, at_work)}<small>{answers}</small></div>",
            "sol-row",
        )
        st.page_link("views/evaluate.py", label="Open", icon=":material/open_in_new:", query_params={"evaluation": one.id})


def _figures(one: Earlier) -> str:
    """The strategies, each with its share where a report was drawn."""
    shares = dict(one.figures)
    titles = [arm["title"] for arm in one.plan.arms if arm["exactly"] is None]
    said = (f"{title} {percent(shares[title])} % ({interval(shares[title])})" if title in shares else title for title in titles)
    return "<br>".join(map(escaped, said))


def _status(one: Earlier, at_work: bool) -> str:
    if at_work:
        return tag("Running", "running")
    return tag("Finished", "finished") if one.complete else tag("Unfinished", "interrupted")
