"""The commands about articles and what is published from them.

`articles` imports, lists, shows and retracts articles; `build` writes the output;
`push` lists and retries calls to hubs and search engines.
"""
