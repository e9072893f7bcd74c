"""The mirror: the output uploaded to storage, for a CDN.

`mirror` uploads what changed; `storage` writes to the storage through fsspec.
"""
