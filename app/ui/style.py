"""The look of our own HTML blocks: see style.css."""

from functools import cache
from pathlib import Path

import streamlit as st


@cache
def _style() -> str:
    return Path(__file__).with_name("style.css").read_text("utf-8")


def use_style() -> None:
    """Put the style on the page; call once a run, before anything is drawn."""
    st.html(f"<style>{_style()}</style>")
