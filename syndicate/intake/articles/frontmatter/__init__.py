"""Front matter: the keys at the head of an article's file, as located text.

`front_matter` splits it from the body; it is written in YAML between `---` (`yaml_values`),
in TOML between `+++` (`toml_values`) or as a JSON object (`json_values`); `value` is one value.
"""

from syndicate.intake.articles.frontmatter.front_matter import FrontMatter, split_front_matter
from syndicate.intake.articles.frontmatter.value import FrontMatterValue

__all__ = ["FrontMatter", "FrontMatterValue", "split_front_matter"]
