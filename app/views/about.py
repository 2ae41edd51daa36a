"""What this is for, what it cannot do, and what is known of the model that answers."""

from app.ui.about import draw_measured, draw_model, draw_purpose, draw_storage, draw_words

draw_purpose()
draw_words()
draw_model()
draw_measured()
draw_storage()
