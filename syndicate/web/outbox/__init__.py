"""The outbox as a mail client, for the operator who sets up a publication.

`pages` has the routes; `message_list` lists the messages, newest first;
`view_options` parses how a message is to be shown.
"""
