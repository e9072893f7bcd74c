"""The pages where readers manage their subscriptions.

`signup/` has the form and its JSON API; `confirmation` handles the button of every letter;
`unsubscribe` the List-Unsubscribe link; `preferences` the page behind the link in every mail;
`decisions` what that link does at once, `email_verification` what a letter has to confirm;
`address_change` moves a reader to a new address; `personal_data` shows and erases what is stored;
`personal_data_file` writes the download of it; `letters` composes and queues the letters;
`link_pages` is what the pages behind links share, and refuses forged forms.
"""
