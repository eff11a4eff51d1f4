"""The report for programs. Every format takes an edition and a language, also where it prints no words."""

from salus.activity_report.opendata.csvw import csv_metadata
from salus.activity_report.opendata.report_json import as_json, schema
from salus.activity_report.opendata.sdmx import as_sdmx_csv, structure
from salus.activity_report.opendata.tidy import as_csv

__all__ = ["as_csv", "as_json", "as_sdmx_csv", "csv_metadata", "schema", "structure"]
