"""The tables of config.toml, a class for each.

`publication`: name and address; `theme`: colours and fonts; `pages`: embeds, AMP, advertising;
`feeds`: all feeds, the publication's own, podcasts; `push`: WebSub and IndexNow;
`mail`: how newsletters are sent; `relays`: mail servers and limits; `dkim`: signing keys;
`newsletters`, and which of their clicks are counted; `segments`: some of the readers;
`schedules`: when editions go out; `signup`: the form, and retention;
`storage`: the articles' folder, the database, the output; `web`: the web server.
"""
