"""The tables of config.toml, a class for each.

`publication`: name and address; `theme`: colours and fonts; `store`: the database;
`feeds`: all feeds, and the publication's own; `publish`: compression and the mirror;
`push`: WebSub and IndexNow; `podcast`; `pages`: embeds; `amp`: AMP pages; `ads`: slots;
`mail`: how newsletters are sent; `relays`: mail servers and limits; `dkim`: signing keys;
`newsletters`; `tracking`: which clicks are counted; `segments`: some of the readers;
`schedules`: when editions go out; `signup`: the form, and retention;
`intake`: the folder of articles; `web`: the web server.
"""
