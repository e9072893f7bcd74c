"""HTML markup of article bodies, made safe and valid.

`sanitise` cleans a body, and has `embeds` convert players and frames and `html_repair` correct
what is left; `figures` then converts its pictures.
"""
