"""The commands about editions and the mail they become.

`sending` sends, and lists deliveries and fires; `editions` lists and shows editions;
`watch` shows them while they are being sent; `control` stops, settles, replaces and resends them;
`relays` lists the mail servers, and says what blocks mail.
"""
