"""What files of invoices and payments look like, and how their rows become ours.

A layout names a system's headings, what its export lacks and a person must say, and how a row is read. In the
end every file is a table of our own columns (`own.COLUMNS`), which `intake` judges: one way in for all.
"""

from collections.abc import Mapping, Sequence

from commissions.layouts import exact, own, stripe
from commissions.layouts.shapes import Layout, LeftOut, Option, Options
from ssp.core.intake import ColumnsUnclear, check_mapping, mapped
from ssp.core.tabular import Row, Table, fold

__all__ = [
    "LAYOUTS",
    "Layout",
    "LeftOut",
    "Option",
    "Options",
    "open_questions",
    "own_rows",
    "recognise",
    "recognise_columns",
]

OWN = own.LAYOUT
LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (*stripe.LAYOUTS, *exact.LAYOUTS, own.LAYOUT)}


def recognise(headers: Sequence[str]) -> Layout:
    """Return the system whose export has such headings; our own layout for every other file."""
    found = {fold(header) for header in headers}
    return next((layout for layout in LAYOUTS.values() if layout.fits(found)), OWN)


def recognise_columns(headers: Sequence[str], layout: Layout) -> dict[str, str]:
    """Return {column: folded heading} of what is recognised; the first of a column's names wins."""
    found = {fold(header) for header in headers}
    mapping: dict[str, str] = {}
    for column in layout.columns:
        heading = next((name for name in column.headings if name in found), "")
        if heading and heading not in mapping.values():
            mapping[column.name] = heading
    return mapping


def open_questions(
    table: Table, layout: Layout, mapping: Mapping[str, str], options: Options
) -> list[Option]:
    """Return what a person must say because the file doesn't, answered or not."""
    rows = [mapped(row, mapping) for row in table.rows]
    has_invoices = layout.has_invoices(rows, options)
    return [option for option in layout.options if option.is_open(mapping, has_invoices=has_invoices)]


def own_rows(table: Table, layout: Layout, mapping: Mapping[str, str], options: Options) -> list[Row]:
    """Return the rows of a file under our own columns, as its layout and the answers say.

    :raises ColumnsUnclear: a needed column isn't named, or an open question isn't answered.
    """
    check_mapping(mapping, table.headers, layout.columns)
    said: dict[str, str] = {}
    for option in open_questions(table, layout, mapping, options):
        answer = options.get(option.name, "")
        if answer not in dict(option.choices):
            raise ColumnsUnclear(str(option.missing))
        said[option.name] = answer  # answers to questions that aren't open count for nothing
    return list(layout.read([mapped(row, mapping) for row in table.rows], said))
