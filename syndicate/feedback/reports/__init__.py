"""Messages that arrive at the bounce address: what each reports, and about which delivery.

`parse` is the entry;
`mime_parts` splits a message into its parts, within limits;
`header_fields` reads fields, addresses, dates and encoded words;
`references` collects what names our delivery;
`delivery_status` reads delivery status notifications (RFC 3464, RFC 6533);
`diagnostics` finds the reply code and the enhanced status in what a server said.
"""
