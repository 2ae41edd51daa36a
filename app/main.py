"""The app: navigation, the notice that is always in sight, and the page that was asked for."""

from pathlib import Path

import streamlit as st

from app import services
from app.ui.html import message
from app.ui.notice import draw_notice
from app.ui.style import use_style
from storage.errors import StorageError

_UI = Path(__file__).parent / "ui"

# Files of our own: a Material symbol as page icon would be fetched from a server of Google's.
st.set_page_config(page_title="Soliloquy", page_icon=str(_UI / "mark.svg"), layout="wide")
st.logo(str(_UI / "wordmark.svg"), size="large")
page = st.navigation(
    [
        st.Page(
            "views/reason.py",
            title="Reason",
            icon=":material/clinical_notes:",
            default=True,
            help="Paste a case and watch it being reasoned about.",
        ),
        st.Page("views/history.py", title="History", icon=":material/history:", help="Find earlier runs, open them again, export them."),
        st.Page("views/cases.py", title="Cases", icon=":material/library_books:", help="Built-in cases with teaching notes."),
        st.Page(
            "views/evaluate.py", title="Evaluate", icon=":material/monitoring:", help="Measure strategies on cases with a known answer."
        ),
        st.Page("views/about.py", title="About", icon=":material/info:", help="Intended use, limits and the model."),
    ],
    position="top",
)
use_style()
try:
    services.queue()
    draw_notice(page.title)
    page.run()
except StorageError as error:
    message("error", str(error), "Nothing that was stored is lost. Reload this page once it is put right.")
