"""Editions as mail: MJML in, one HTML and one text for all readers out.

`editions`   the way in: compose an alert or a digest
`alert`      … of one story, whole; `digest` … of several
`press`      what every mail template may use, and the limits of a mail
`body`       an article's body in mail's own HTML; `text` … as a person would write it
`subject`    subjects and preheaders; `words` in the reader's language; `ads`
`clicks`     links numbered, where a newsletter counts who follows them
`mjml`       the one door to mrml; `mjml_grammar` is what it takes
"""
