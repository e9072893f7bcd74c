"""The pages where readers manage their subscriptions.

`signup` has the form, the JSON API and the challenges; `bot_checks` the hidden field, the form's
timestamp and the proof of work; `signup_requests` checks what was typed, and subscribes the
reader or queues the letter that asks; `confirmation` handles the button of every letter;
`unsubscribe` the List-Unsubscribe link; `preferences` the page behind the link in every mail,
and what that link does at once; `letters` composes and queues what has to be confirmed, within
limits; `address_change` moves a reader to a new address; `personal_data` shows, exports and
erases what is stored; `link_pages` is what the pages behind links share, and refuses forged
forms.
"""
