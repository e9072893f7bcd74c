"""The mirror: the output uploaded to storage, for a CDN.

`mirror` uploads what changed; `uploaded_files` lists what the storage has;
`storage` writes to it through fsspec.
"""
