"""The commands about subscribers, their segments and their private feeds.

`subscribers` has the group with list, export and tidy; `csv_import` imports people from CSV;
`person` shows one person; `person_changes` changes one; `move` is for renamed newsletters;
`stats` counts readers over time; `export_columns` has the columns of list and export;
`segments` lists and counts segments; `private_feeds` grants and revokes private feeds.
"""
