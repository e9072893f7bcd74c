"""Articles: revisions, compiled bodies, public numbers, slugs and pictures.

`writes` adds, revises, retracts and numbers articles, and counts every change;
`slugs` decides that a slug or an old address is unique.
`lookup` finds the articles that files may update; `reading` finds and lists articles.
`published` answers builds; `rows` converts database rows; `media` keeps pictures' sizes.
"""
