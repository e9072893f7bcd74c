"""Editions on the web: the archive, a reader's own copy, and the links that were followed."""
