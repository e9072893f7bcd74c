"""When things happen: slots are fired, editions composed, and everything due is done.

`runner` does the background work of the run command, in `worker_threads`; `wiring` builds the
services that do it, does all of it once, as cron calls it, and sends, corrects or repeats an
edition by hand; `schedule_start` knows where a new schedule starts, and what is new to it; `firing`
fires a schedule's due slots; `edition_outline` is what an edition is to be made of, as the
`edition_plan` of its editor says; `composer` composes it and freezes it, and `own_links` knows
which of our links in it lead nowhere; `explanation` says beforehand what it will have; `release`
sends, drops or composes again those that wait, and `proofs` mails them to reviewers; `corrections`
corrects what was mailed, with `correction_notes` in the next edition; `staff_mail` writes to the
newsroom; `alarms/` ring when something is wrong; `retention` deletes old data; `orphaned_names`
finds what a renamed newsletter leaves behind; `agenda` lists the coming days; `progress_report`
measures editions' progress; `mail_status` reads the relays' state.
"""
