"""The commands about editions and the mail they become.

`planning` explains what would be sent, and shows the coming week;
`sending` sends, and lists deliveries and fires; `editions` lists and shows editions, with the
bounces and complaints of `feedback`;
`progress` shows them while they are being sent; `relays` lists the mail servers, and says what
blocks mail;
`control` stops, settles, replaces and resends them; `mail_pause` stops all mail;
`release` approves or rejects those that wait; `corrections` corrects those that were mailed.
"""
