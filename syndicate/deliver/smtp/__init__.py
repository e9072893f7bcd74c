"""Transports, and SMTP as we speak it.

`transport` is the interface: a session takes an envelope, then a body, and reports events;
`smtp_transport` connects, starts TLS and logs in, by smtplib; `session` then runs on the
socket without blocking; `dialogue` is the protocol without a socket: commands and replies.
"""
