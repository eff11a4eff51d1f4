"""Writes docs/reference/figures.md: every figure and chart with its published definition.

Run as `python tools/figures.py` after a change of an indicator; a test says when that was forgotten.
"""

import os
from pathlib import Path

import django

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/figures.md"
HEAD = """\
# The figures

Written by `tools/figures.py` from the docstrings of the domains' `indicators.py`: change it there.
How counting works is told in [How the report counts](../explanation/how-the-report-counts.md).

"""


def page() -> str:
    from django.utils.translation import override

    from salus.activity_report import layout
    from salus.activity_report.edition import indicators

    text = HEAD
    with override("en"):
        for section in layout.SECTIONS:
            text += f"## {section.title}\n\n{section.purpose}\n\n"
            for name in (name for row in (*section.figures, *section.charts) for name in row):
                indicator = indicators()[name]
                facts = [indicator.kind, indicator.measure, indicator.unit]
                if indicator.dimension:
                    facts.append(f"by {indicator.dimension} ({', '.join(indicator.codes)})")
                text += f"**`{name}`** · {', '.join(facts)}<br>\n{indicator.definition}\n\n"
    return text.rstrip("\n") + "\n"


def main() -> None:
    # The settings are loaded, but nothing connects.
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost/none")
    os.environ.setdefault("SALUS_SECRET_KEY", "never-signs")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
