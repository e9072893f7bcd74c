"""From the file to the configuration, or to every mistake in it with its line.

`load` goes through the steps, words pydantic's errors, and finds the secrets that can't be read;
`toml_positions` parses the file and records the line of every key;
`checks` compares tables with each other, `navigation_checks`, `mail_checks` and `feedback_checks`
those of navigation, mail and bounces, as `raw_tables` reads them; `reference` lists tables
and keys of the models, and writes the config.toml of a new publication.
"""
