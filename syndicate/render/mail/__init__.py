"""Editions and letters as mail: one HTML and one text for all readers.

`edition_content` composes an edition, an alert of one article or what `digest` makes of several,
and numbers links whose clicks are counted; `subject_line` writes its subject, `editors_words` what
an editor wrote around the stories; `preflight` finds mistakes in it. `letter` composes a mail to
one person, `review` what reviewers get: proofs and codes, and `alarm_mail` one to operators,
without a template. `context` is what every mail template may use, `outlook_fonts` among it.
`html_body` and `plain_text` render an article's body; `tables` and `text_tables` lay out its
tables, by the estimates of `text_width`. `mjml` checks MJML and turns it into HTML; `insertion`
adds to the HTML of a whole mail.
"""
