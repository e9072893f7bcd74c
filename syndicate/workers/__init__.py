"""Worker processes: the same work done in parallel, by as many processes as there are cores.

`pool` divides the tasks among processes and collects their results; `process` is one of
them, from both sides; `resource_limits` ends one that takes too long or too much memory.
"""
