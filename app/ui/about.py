"""The words of the About page."""

import re
from pathlib import Path

import streamlit as st

from app import services
from app.evaluation_folders import home_of
from app.ui.html import draw, escaped
from app.ui.words import STATUS_WORDS, strategy_about, strategy_title
from app.version import app_version
from reasoning.differential import Likelihood
from reasoning.presets import packaged
from reasoning.strategies import names
from storage.values import RunStatus

_WIDTH = 820
_DEMONSTRATION = (
    "The **demonstration model** was trained by this project, from nothing, on text generated from its own knowledge base. It knows the "
    "conditions of that knowledge base and nothing else. It exists so that the rest can be tried without a download, a GPU or a key."
)


def draw_purpose() -> None:
    """Intended use, and what a reader must know before trusting a list."""
    st.markdown(Path(__file__).with_name("about.md").read_text("utf-8"), width=_WIDTH)


def draw_words() -> None:
    """What likelihood words and strategy names stand for."""
    rows = "".join(f"<tr><td>{word.value.capitalize()}</td><td>{word.band[0]}–{word.band[1]} %</td></tr>" for word in Likelihood)
    st.header("What the words mean")
    draw(f"<table style='max-width:24rem'><thead><tr><th>Word</th><th>Range</th></tr></thead><tbody>{rows}</tbody></table>")
    st.header("Strategies")
    rows = "".join(f"<tr><td><b>{escaped(strategy_title(name))}</b></td><td>{escaped(strategy_about(name))}</td></tr>" for name in names())
    draw(f"<table style='max-width:52rem'><thead><tr><th>Strategy</th><th>What it does</th></tr></thead><tbody>{rows}</tbody></table>")


def draw_model() -> None:
    """The card of the model that answers here; while it loads, the page looks again."""
    st.header("The model")
    loading = services.queue().engine_status().state in ("not loaded", "loading")
    st.fragment(_draw_card, run_every=1.0 if loading else None)()


def _draw_card() -> None:
    status = services.queue().engine_status()
    known = services.preset()
    if known and known.demonstration:
        st.markdown(_DEMONSTRATION, width=_WIDTH)
    card = status.card
    facts = {
        "Name": services.settings().model,
        "State": {"not loaded": "Not loaded yet", "loading": "Loading"}.get(status.state, status.state.capitalize()),
    }
    if card is not None:
        facts |= {
            "Model": card.id,
            "Parameters": f"{card.parameters / 1e6:,.1f} million" if card.parameters else "",
            "Quantisation": card.quantization.replace("nf4", "NF4") if card.quantization != "none" else "none",
            "Adapters": ", ".join(sorted(card.adapters)) or "none",
            "Context": f"{card.context:,} tokens" if card.context else "",
            "Device": card.device,
            "How it is asked": card.decoding,
            "Weights SHA-256": card.weights_sha256,
            "Loaded in": f"{status.seconds:.1f} s",
        }
    rows = "".join(f"<tr><th scope='row'>{escaped(name)}</th><td>{escaped(value)}</td></tr>" for name, value in facts.items() if value)
    draw(f"<table style='max-width:52rem'><tbody>{rows}</tbody></table>")


def draw_measured() -> None:
    """The measured figures that ship with the demonstration model, when it is the one that answers."""
    readme = packaged("demonstration/README.md")
    if services.is_demonstration() and readme.is_file():
        with st.expander("Model card with measured figures", icon=":material/monitoring:", width=_WIDTH, key="model_card"):
            st.markdown(below_this_page(readme.read_text("utf-8").split("\n---\n", 1)[-1]))


def below_this_page(markdown: str) -> str:
    """The text with its headings two levels lower, so that they stand under the headings of this page."""
    return re.sub(r"^(#{1,4}) ", r"\1## ", markdown, flags=re.MULTILINE)


def draw_storage() -> None:
    """Where things are kept."""
    st.header("What is kept, and where")
    draw(
        f"Notes, runs, reasoning and feedback are kept in <b>{escaped(services.database().path)}</b> on this machine. "
        f"Evaluations are folders of their own in <b>{escaped(home_of(services.settings().home))}</b>, notes included. "
        "Nothing leaves it unless a setting says so. A run that is cut off by a restart keeps what it had and is marked "
        f"{escaped(STATUS_WORDS[RunStatus.interrupted].lower())}. Feedback is only ever added to, never overwritten.",
        "sol-readable",
    )
    draw(escaped(f"Soliloquy {app_version()}, Apache-2.0."), "sol-quiet")
