"""The outbox as a mail client, for the operator who sets up a publication.

`pages` serves the list of messages and each message; `view_options` parses how one is shown.
"""
