"""The commands about articles and what is published from them.

`articles` imports, lists, shows and retracts articles; `build` writes the output;
`push` lists and retries calls to hubs and search engines; `mirror_report` updates the mirror,
and `push_report` sends the notifications, for all commands that publish;
`unmatched_selections` finds selections that no article matches, for the check.
"""
