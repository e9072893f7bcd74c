"""The outbox as a mail client, for the operator who sets up a publication.

`pages` serves the list and the messages; `message_list` lists them, newest first;
`view_options` parses how a message is shown.
"""
