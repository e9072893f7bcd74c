"""The commands about articles and what is published from them.

`articles` imports, lists, shows and retracts articles; `publishing` writes the output, and
lists and retries calls to hubs and search engines.
"""
