"""How the samples voted: a chart for the eye, a table for everyone."""

import altair as alt
import streamlit as st

from app.ui.html import draw, escaped
from reasoning.events import Voted


def draw_votes(voted: Voted) -> None:
    """First-place votes a diagnosis, with n."""
    rows = [row for row in voted.rows if row.first] or list(voted.rows)
    # The count is part of the axis label: text inside the plot would not follow the theme.
    labels = [f"{row.diagnosis}: {row.first} of {voted.samples}" for row in rows]
    values = [{"diagnosis": label, "votes": row.first} for label, row in zip(labels, rows, strict=True)]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(size=14)
        .encode(
            y=alt.Y("diagnosis:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
            x=alt.X(
                "votes:Q",
                title=f"First-place votes (n = {voted.samples} samples)",
                scale=alt.Scale(domain=[0, voted.samples]),
                axis=alt.Axis(tickMinStep=1, format="d"),
            ),
        )
        .properties(height=64 + 30 * len(values))
    )
    st.altair_chart(chart, alt="First-place votes. " + "; ".join(labels))
    body = "".join(
        f"<tr><td>{escaped(row.diagnosis)}</td><td>{row.first} of {voted.samples}</td><td>{row.listed} of {voted.samples}</td></tr>"
        for row in voted.rows
    )
    draw(f"<table><thead><tr><th>Diagnosis</th><th>Ranked first</th><th>Listed at all</th></tr></thead><tbody>{body}</tbody></table>")
