"""The tables of config.toml, a class for each.

`publication`: its name, address, colours and fonts; `navigation`: sections, and links
in head and foot of pages; `pages`: embeds, AMP, advertising;
`feeds`: all feeds, the publication's own, podcasts; `mail`: the mail servers, their limits and
signing keys; `newsletters`, and which of their clicks are counted, segments of the readers, and
when editions go out; `preflight`: what these are checked for; `review`: who approves them;
`feedback`: how bounces come back; `signup`: the form, and retention; `publishing`: the articles'
folder, the database, the output, WebSub and IndexNow; `web`: the web server; `alarms`: who is
notified when something is wrong.
"""
