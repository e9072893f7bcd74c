"""A newsroom's days and years, beside an oracle that predicts every edition of them."""
