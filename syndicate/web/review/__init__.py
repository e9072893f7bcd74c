"""The page where a reviewer sees an edition that waits, and decides about it.

`pages` shows it and takes the forms; `reviewed_edition` is what a page shows, as of now;
`decisions` has the codes that confirm who decides, and acts; `trusted_browsers` are those that
need no code for a while.
"""
