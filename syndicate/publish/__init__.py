"""Publishing: the output folder, its mirror, and the notification of hubs and engines.

`build/` renders what changed; `output/` is the folder with its manifest;
`mirror/` uploads it to storage; `push/` notifies hubs and search engines.
"""
