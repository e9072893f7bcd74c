"""Search: `query` is what a reader searches for; `folding` how words are folded and divided."""
