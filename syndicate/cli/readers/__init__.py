"""The commands about subscribers, their segments and their private feeds.

`subscribers` has the commands about many people: list, export, move and tidy; `csv_import` imports
people from CSV; `person` shows one person, and grants and revokes private feeds; `person_changes`
changes one; `reader_counts` counts readers, over time and by segment.
"""
