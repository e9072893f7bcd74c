"""Editions: frozen mail to a newsletter's readers, or a letter to one person.

`fires` records schedules and the outcome of each slot; `editions` freezes and finds editions,
and decides who gets one, and why a subscriber is skipped.
`waiting` keeps editions until they are released or rejected, `review_codes` confirm who decides;
`control` pauses, cancels and resumes editions; `mail_pause` pauses all mail;
`successors` replaces or repeats editions; `edition_files` keeps what editors wrote about them;
`corrections` finds who has a wrong copy of an article, and what editions say of it.
`archive` lists what everybody may read; `clicks` counts followed links.
`metrics_snapshot` counts what the store contains, for monitoring.
"""
