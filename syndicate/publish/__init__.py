"""Publishing: the output folder, its mirror, and the notification of hubs and engines.

`build/` renders what changed; `output/` is the folder, `records/` what is recorded beside it;
`mirror` uploads it to storage; `push/` notifies hubs and search engines.
"""
