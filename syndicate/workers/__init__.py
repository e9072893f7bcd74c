"""Worker processes: the same work done in parallel, by as many processes as there are cores.

`pool` starts them, divides the tasks among them and collects the results; `resource_limits` ends
one that takes too long or too much memory.
"""
