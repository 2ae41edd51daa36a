"""Download what the filters find."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import streamlit as st

from app.ui.html import draw
from app.ui.words import zone
from storage.database import Database
from storage.exports import export_csv, export_jsonl
from storage.values import RunFilter


def draw_export(database: Database, filter: RunFilter) -> None:
    """Two buttons; the file is made when one is clicked, with the filters that stand above it now."""
    today = datetime.now(zone()).strftime("%Y-%m-%d")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Export JSONL",
            _made(export_jsonl, database, filter),
            f"soliloquy-{today}.jsonl",
            "application/x-ndjson",
            key="export_jsonl",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Export CSV",
            _made(export_csv, database, filter),
            f"soliloquy-{today}.csv",
            "text/csv",
            key="export_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        draw("All runs that match the filters, notes included: JSONL holds everything, CSV one row a hypothesis.", "sol-quiet")


def _made(export: Callable[[Database, BytesIO, RunFilter], object], database: Database, filter: RunFilter) -> Callable[[], bytes]:
    def make() -> bytes:
        out = BytesIO()
        export(database, out, filter)
        return out.getvalue()

    return make
