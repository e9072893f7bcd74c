"""The webhooks of mail providers: who signs how, and what their events mean.

`hook_reader` reads a call to a hook: `webhook_request` is the call as it came in, and
`provider_event` what each event in it is, in one vocabulary. A module for each provider has its
signature and its words: `sendgrid`, `mailgun`, `postmark`, `brevo`, `ses`, whose events come by
`sns`, and `standard` for all others. `shared_secret` is for those that don't sign; `json_fields`
reads JSON of strangers.
"""
