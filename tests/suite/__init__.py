"""How the suite runs: its quick lane, its order, and the work that its tests share."""
