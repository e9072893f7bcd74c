"""HTML markup of article bodies, made safe and valid.

`sanitise` cleans a body, and has `embeds` convert players and frames, `html_repair` correct what
is left, and `callouts` give those of other programs our form; `figures` then converts its pictures.
"""
