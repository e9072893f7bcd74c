"""A newsroom's fortnights and years, beside an oracle that predicts every edition of them."""
