"""Messages that arrive at the bounce address: what each reports, and about which delivery.

`parse` is the entry;
`mime_parts` splits a message into its parts, within limits;
`header_fields` reads fields, addresses, dates and encoded words;
`references` collects what names our delivery;
`delivery_status` reads delivery status notifications (RFC 3464, RFC 6533);
`feedback_report` reads complaints (RFC 5965); `auto_reply` recognises vacation notices,
`unsubscribe_request` the wish to leave;
`plain_bounce` reads bounces without a form, with the help of `flufl_bounce`;
`bounce_text` finds in a text what the server said;
`wording` is how servers and people word these things;
`diagnostics` finds the reply code and the enhanced status in what a server said.
"""
