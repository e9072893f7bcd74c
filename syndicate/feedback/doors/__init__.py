"""The doors that reports come in by, besides the pipe of the command "syndicate bounce".

`door` is what a mailbox and a Maildir have in common; nothing is marked as done before its effect
is committed. `maildir` reads the files that a mail server writes.
`imap_mailbox` polls a mailbox; `imap_session` connects and logs in, and `imap_folders` knows the
names of folders there. `mailbox_check` looks at it for the doctor.
`poller` polls both, and stores since when one can't be read; `report_intake` records what they
hand on, one report after the other.
"""
