"""Text from people and models on its way into HTML: escaped, always, in one place."""

from html import escape

import streamlit as st


def escaped(text: object) -> str:
    """The text as HTML shows it literally: no tag, no attribute, no entity of its own."""
    return escape(str(text), quote=True)


def draw(html: str, *classes: str) -> None:
    """Put a block of our own HTML on the page. Every piece of foreign text in it must have passed `escaped`."""
    st.html(f'<div class="{" ".join(("sol", *classes))}">{html}</div>')


def icon(name: str) -> str:
    """A Material symbol, decorative: the words beside it must say the same."""
    return f'<span class="sol-icon" aria-hidden="true">{name}</span>'


_ICONS = {"info": "info", "warning": "warning", "error": "error", "done": "check_circle"}


def message(kind: str, text: str, *more: str) -> None:
    """A notice, warning, error or confirmation in plain text. Streamlit's own boxes would read it as Markdown."""
    role = "alert" if kind in ("warning", "error") else "status"
    lines = "".join(f"<p>{escaped(line)}</p>" for line in (text, *more))
    draw(f'<div class="sol-message sol-{kind}" role="{role}">{icon(_ICONS[kind])}<div>{lines}</div></div>')


def heading(text: str, level: int = 2, *, beside: str = "") -> None:
    """A heading of foreign text; `beside` is HTML of our own that stands on the same line."""
    draw(f'<div class="sol-heading"><h{level} class="sol-h{level}">{escaped(text)}</h{level}>{beside}</div>')


def tag(text: str, kind: str = "plain", symbol: str = "") -> str:
    """A small label, as HTML."""
    return f'<span class="sol-tag sol-tag-{kind}">{icon(symbol) if symbol else ""}{escaped(text)}</span>'
