"""The report of an evaluation inside the page: who is right how often, how sure that is, and at what cost."""

from pathlib import Path
from typing import Any

import streamlit as st

from app import services
from app.evaluation_folders import Earlier, folder_of
from app.ui.figures import draw_plot, draw_table
from app.ui.html import draw, escaped, heading, message
from app.ui.side_by_side import Line, draw_side_by_side
from app.ui.words import moment
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.report import build_report, plots, tables
from reasoning.evaluation.report.build import MARKDOWN, PAGE, terms
from reasoning.evaluation.report.paper import SOURCE
from reasoning.evaluation.report.plots import Plot
from reasoning.evaluation.suite import SuiteError

Summary = dict[str, Any]
_PLOTS = ("accuracy", "curve", "votes", "difficulty", "calibration")


def draw_report(known: Earlier) -> None:
    """Everything that was found, the plain comparison first."""
    folder = folder_of(services.settings().home, known.id)
    if folder is None:
        return
    try:
        summary, drawn = _report(str(folder), known.answers)
    except SuiteError as error:
        message("error", str(error))
        return
    _what_answered(known, summary)
    _downloads(folder, known)
    _warnings(summary)
    _accuracy(summary, drawn)
    _cost(summary, drawn)
    _grounds(summary)
    _calibration(summary, drawn)
    _published(known, summary)
    _how(known, summary)


@st.cache_data(show_spinner="Drawing the report", max_entries=16)
def _report(folder: str, answers: int) -> tuple[Summary, dict[str, Plot | None]]:
    """The figures and plots of so many answers, the files of the report written beside them. Raises SuiteError."""
    summary = build_report(Path(folder))
    return summary, {name: getattr(plots, name)(summary) for name in _PLOTS}


def _what_answered(known: Earlier, summary: Summary) -> None:
    model = summary["model"] or {"id": known.plan.model, "quantization": "", "device": "", "adapters": {}}
    quantisation = model["quantization"].replace("nf4", "NF4")
    parts = [
        f"Model {model['id']}",
        "not quantised" if quantisation in ("", "none") else f"quantisation {quantisation}",
        f"adapters for {', '.join(sorted(model['adapters']))}" if model["adapters"] else "no adapter",
        model["device"],
        f"seed {known.plan.seed}",
        f"begun {moment(known.started)}",
        f"evaluation {known.id}",
    ]
    draw(" · ".join(escaped(part) for part in parts if part), "sol-quiet")


def _downloads(folder: Path, known: Earlier) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, name, kind in (("Report as a page", PAGE, "text/html"), ("Report as Markdown", MARKDOWN, "text/markdown")):
            st.download_button(
                label,
                (folder / name).read_bytes(),
                f"evaluation-{known.id}{Path(name).suffix}",
                kind,
                key=f"download_{name}",
                icon=":material/download:",
                on_click="ignore",
            )
        draw("Both hold the figures and no case text; the page needs no network.", "sol-quiet")


def _warnings(summary: Summary) -> None:
    plan, said = summary["plan"], []
    if summary["model"] and summary["model"]["demonstration"]:
        said.append("The demonstration model answered: it is no medical model, and its figures say nothing of one.")
    if plan["rows_left_out"]:
        said.append(f"{plan['rows_left_out']:,} rows of the file could not be used and are in no figure.")
    if plan["not_asked"]:
        said.append(f"{plan['not_asked']:,} items do not hold what this way of asking needs and are in no figure.")
    said += [f"Some cases got no answer, and count as wrong: {failure}" for failure in summary["failures"]]
    if said:
        message("warning", *said)


def _accuracy(summary: Summary, drawn: dict[str, Plot | None]) -> None:
    heading("How often it was right")
    in_full = tables.results(summary)
    names = {row[0].text: row[0] for row in in_full.rows}
    draw_side_by_side(
        Line(names[arm["title"]], summary["plan"]["items"], _share(arm["right"]), arm["unreadable"]["hits"])
        for arm in summary["arms"]
        if arm["title"] in names
    )
    draw_plot(drawn["accuracy"], "Dots are shares of right answers, lines their 95 % intervals. Baselines are hollow.")
    if (compared := tables.comparisons(summary)) is not None:
        heading("Strategy against strategy", 3)
        draw_table(
            compared, "Both on the same cases. A positive difference favours the one named first; one whose interval holds 0 may be chance."
        )
    heading("In full", 3)
    draw_table(in_full, "Every strategy and baseline, with 95 % intervals")


def _share(figure: Summary) -> Share:
    return Share(figure["hits"], figure["n"])


def _cost(summary: Summary, drawn: dict[str, Plot | None]) -> None:
    heading("What it cost")
    draw_plot(drawn["curve"], "Right answers over thinking tokens; lines are 95 % intervals.")
    draw_table(tables.costs(summary), "Tokens and seconds a case, with 95 % intervals")
    if (swept := tables.scaling(summary)) is not None:
        draw_table(swept, "Test-time scaling as s1 measures it")
    draw_plot(drawn["votes"], "Fewer votes, from the ballots of the same vote. Dashed: what independent votes would give.")
    if (by_difficulty := tables.difficulty(summary)) is not None:
        draw_plot(drawn["difficulty"], "Mean thinking tokens a case, by difficulty.")
        draw_table(by_difficulty, f"Mean thinking tokens by difficulty, {summary['difficulty']['by']}; beneath, how many are right")


def _grounds(summary: Summary) -> None:
    if (found := tables.grounds(summary)) is not None:
        heading("What the answers rest on")
        draw_table(found, "Quotations, evidence and dangers, with 95 % intervals and counts")


def _calibration(summary: Summary, drawn: dict[str, Plot | None]) -> None:
    if tables.calibration(summary) is None:
        return
    heading("Whether likely means likely")
    draw_plot(drawn["calibration"], "What came true over what was stated, with 95 % intervals. On the dotted line the two agree.")
    if (errors := tables.calibration_errors(summary)) is not None:
        draw_table(errors, "Expected calibration error")


def _published(known: Earlier, summary: Summary) -> None:
    box = st.expander("Beside the published study", key=f"published_{known.id}", on_change="rerun")
    if box.open:
        with box:
            draw(escaped(f"The upper rows are published figures, not measured here: {SOURCE}."), "sol-quiet")
            draw_table(tables.paper(summary), "Published figures, and below them, shaded, those measured here")


def _how(known: Earlier, summary: Summary) -> None:
    box = st.expander("How it was measured, and what the figures mean", key=f"meaning_{known.id}", on_change="rerun")
    if not box.open:
        return
    plan, model = summary["plan"], summary["model"] or {}
    facts = {
        "Data": f"{plan['dataset']}, {plan['items']:,} items, hash {plan['items_sha256'][:16]}",
        "Options": "in published order" if plan["shuffle_options"] is None else f"shuffled with seed {plan['shuffle_options']}",
        "Weights": f"hash {model.get('weights_sha256', '')[:16] or 'unknown'}",
        "Prompts": f"hash of all templates {plan['prompts_sha256'][:16]}",
        **{arm["title"]: _spent(arm) for arm in plan["arms"]},
    }
    with box:
        draw(_two_columns(facts), "sol-readable")
        draw(_two_columns({term["name"]: term["meaning"] for term in terms()}), "sol-readable")


def _spent(arm: Summary) -> str:
    own = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in arm["parameters"].items())
    budget = arm["budget"]
    limits = f"at most {budget['thinking_tokens']:,} thinking and {budget['answer_tokens']:,} answer tokens a sample"
    return "; ".join(filter(None, (own, limits)))


def _two_columns(facts: dict[str, str]) -> str:
    rows = "".join(f"<tr><th scope='row'>{escaped(name)}</th><td>{escaped(said)}</td></tr>" for name, said in facts.items())
    return f"<table><tbody>{rows}</tbody></table>"
