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
        for section in layout.sections():
            text += f"## {section.title}\n\n{section.purpose}\n\n"
            for name in (name for row in (*section.figures, *section.charts) for name in row):
                one = indicators()[name]
                facts = [one.kind, one.measure, one.unit]
                if one.dimension and not one.cell_of:
                    facts.append(f"by {one.dimension} ({', '.join(one.codes)})")
                text += f"**`{name}`** · {layout.title_of(one, 'en')} · {', '.join(facts)}<br>\n"
                text += f"{layout.definition_of(one, 'en')}<br>\n"
                text += f"Of: {one.population}. Read from {', '.join(one.sources)}.\n\n"
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
