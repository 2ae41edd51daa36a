"""Measure strategies on cases whose answer is known: begin an evaluation, watch it, read its report. Only its id is in the URL."""

from app.ui.address import shown_evaluation
from app.ui.evaluation import draw_evaluation
from app.ui.evaluation_form import draw_form
from app.ui.evaluation_list import draw_earlier

id = shown_evaluation()
if id:
    draw_evaluation(id)
else:
    draw_form()
    draw_earlier()
