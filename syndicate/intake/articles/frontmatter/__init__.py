"""Front matter: the keys at the head of an article's file, as text with its line.

`front_matter` splits it from the body; `yaml_values`, `toml_values` and `json_values` read
its three formats; `value` is one value.
"""
