"""A newsroom's days, fortnights and years, beside an oracle that predicts every edition of them."""
