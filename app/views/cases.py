"""The built-in case library: read, try, and only then look at the answer."""

import streamlit as st

from app.ui.library import choose_cases, draw_case

found = choose_cases()
with st.container(gap="xsmall"):
    for case in found:
        draw_case(case)
