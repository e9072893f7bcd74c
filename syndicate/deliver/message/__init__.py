"""A reader's message: rendered from its edition, and signed.

`outgoing_message` is a claimed delivery with its message; `prepared_editions` editions render it;
`template` encodes an edition once, header and body; `personalisation` fills in a reader's values;
`message` has the message, its recipient, and the header values of an edition;
`header_encoding` folds and encodes fields, `quoted_printable` encodes bodies;
`links` signs the URLs and Message-IDs of a reader, `tracked_links` lead through the click counter;
`dkim` signs messages, `crypto_mb` makes eight RSA signatures at once.
"""
