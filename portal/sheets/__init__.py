"""The floor of every import by sheet: columns, dry run, writing, undo, and the pages.

A room says what its columns are called, what a row means and how it is written; all
else is here. See ``docs/decisions/0017-imports-by-sheet.md``.
"""
