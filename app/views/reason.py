"""Paste or pick a case, choose how to think, watch, and judge the result. The run's id is in the URL, its text never is."""

from app.ui.address import shown_run
from app.ui.compose import compose
from app.ui.run import draw_run

run_id = shown_run()
if run_id:
    draw_run(run_id)
else:
    compose()
