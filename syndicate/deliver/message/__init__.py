"""A reader's message: rendered from its edition, and signed.

`outgoing_message` is a claimed delivery with its message, which its edition renders;
`message` is written from an edition that is encoded once, header and body;
`personalisation` fills in a reader's values; `mime_encoding` encodes fields and bodies, and
`base64_text` the bodies that are shorter in base64;
`links` signs the URLs and Message-IDs of a reader, and leads links through the click counter;
`dkim` signs messages, `crypto_mb` makes eight RSA signatures at once.
"""
