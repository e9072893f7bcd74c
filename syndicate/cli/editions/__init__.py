"""The commands about editions and the mail they become.

`sending` sends, and lists deliveries and fires; `editions` lists and shows editions;
`watch` shows them while they are being sent; `control` pauses, resumes, cancels and settles them;
`reissue` replaces and resends them; `relays` lists the mail servers;
`progress_format` formats progress, and what editions and deliveries wait for.
"""
