"""Intended use, always in sight."""

from app import services
from app.ui.html import draw, escaped, icon, message

_USE = "For education and research. It informs a professional and never orders; a clinician decides."
_DEMONSTRATION = "Demonstration model: trained on generated text, not a medical model."


def draw_notice(page: str) -> None:
    """One quiet line on every page, and a loud one only when there is no model to ask."""
    words = f"<b>{escaped(_DEMONSTRATION)}</b> {escaped(_USE)}" if services.is_demonstration() else escaped(_USE)
    draw(f'<h1 class="sol-hidden">{escaped(page)}</h1>{icon("info")} {words}', "sol-quiet")
    status = services.queue().engine_status()
    if status.state == "failed":
        message("error", f"The model could not be loaded. {status.message}")
