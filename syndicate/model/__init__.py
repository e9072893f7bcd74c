"""What the store keeps, as frozen values, and the pure decisions about them.

`articles` and their compiled bodies, `pictures`, `videos` and `old_addresses`; `urls` normalises
web addresses; `people` are the authors, `own_pages` what the publication says about itself.
`schedule_slots` computes when a schedule is due, and which slots fire; `article_selection` is what
is new to a schedule, and what an edition takes of it; `front_page` where stories are on the home
page.
`editions`, their progress and control; `edition_files`, what an editor wrote about one;
`findings` in it; `reviews`, what their reviewers decide; `corrections`, what is wrong in copies
that were mailed;
`deliveries`, the ledger's rows, and when to try again; `subscribers` and what changes about them;
`feedback`: what is reported of a message after it was sent, which `bounces` judges;
`alarms`: what is wrong, and when people are notified of it. `search/` is what readers search for.
"""
