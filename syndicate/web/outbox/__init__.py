"""The outbox as a mail client shows it, for the person who sets up a publication.

`pages`  the routes, the list and one message
`tray`   the list: newest first, a hundred at a time
`look`   which view of a message is asked for
"""
