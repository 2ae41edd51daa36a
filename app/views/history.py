"""Find earlier runs, open them again, and export what is found. Free text stays out of the URL: it may be a patient's."""

from app import services
from app.ui.export import draw_export
from app.ui.filters import choose_filter
from app.ui.history import draw_page

filter = choose_filter()
draw_page(services.database(), filter)
draw_export(services.database(), filter)
