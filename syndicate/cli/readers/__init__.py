"""The commands about subscribers, their segments and their private feeds.

`subscribers` has the commands about many people: list, export, move and tidy; `csv_import` imports
people from CSV; `person` shows one person, with the `suppression` of their address and its
evidence, and grants and revokes private feeds; `person_changes` changes one; `reader_counts` counts
readers, over time and by segment. `held_reports` shows the reports of bounces that wait for a
person, and takes decisions about them.
"""
