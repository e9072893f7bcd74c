"""Articles: revisions, compiled bodies, public numbers, slugs and pictures.

`writes` adds, revises, retracts and numbers articles, counts every change,
and refuses a slug or an old address that is another's.
`reading` finds and lists articles, also for builds, and pictures with their sizes;
`file_links` finds those that others link to by their files; `refused_files` has files that can't
be imported;
`section_numbers` in which order they are in their sections.
"""
