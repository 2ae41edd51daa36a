"""Files for people who work elsewhere: JSON Lines without loss for researchers, CSV for spreadsheets."""

from storage.exports.files import ExportSummary
from storage.exports.jsonl import export_jsonl, read_jsonl
from storage.exports.spreadsheet import export_csv

__all__ = ["ExportSummary", "export_csv", "export_jsonl", "read_jsonl"]
