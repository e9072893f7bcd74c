"""Push: whoever wants to hear at once what was published is told."""
