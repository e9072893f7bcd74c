"""Subscribers from the CSV exports of newsletter tools.

`csv_import` imports a file in batches: `csv_file` reads its rows, `csv_row` parses each into a
subscriber, `cell_values` parses single cells; `export_formats` has the columns of each tool.
"""
