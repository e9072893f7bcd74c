"""Editions: frozen mail to a newsletter's readers, or a letter to one person.

`fires` records schedules and the outcome of each slot; `editions` freezes and finds editions,
and decides who gets one, and why a subscriber is skipped.
`waiting` keeps editions until they are released or rejected, `review_codes` confirm who decides;
`control` pauses, cancels and resumes editions; `successors` corrects or repeats them;
`edition_files` keeps what editors wrote about them; `mail_pause` pauses all mail.
`archive` lists what everybody may read; `clicks` counts followed links.
`metrics_snapshot` counts what the store contains, for monitoring.
"""
