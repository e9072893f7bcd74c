"""The commands that set a publication up, check it and keep it running.

`setup` creates a publication, upgrades its store and copies templates;
`check` reports mistakes, and files that other users can read; `status` what is wrong now, and
`door_status` what came by each door of bounces;
`deliverability` generates DKIM keys and checks DNS; `preview` shows a template while it is written;
`run` has the commands that serve; `doors` takes what comes back from a pipe, or fetches it;
`lifecycle` starts, reloads and stops what they run, and logs that the config has changed on disk;
`signals` handles SIGINT, SIGTERM and SIGHUP.
"""
