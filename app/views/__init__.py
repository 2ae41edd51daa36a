"""One file a page. A page asks services and draws with ui; it decides nothing about medicine or storage."""
