"""What comes back after an edition was sent: bounces, complaints, unsubscribing by mail.

`reports/` reads a message that arrived at the bounce address.
"""
