"""The pages where readers decide: sign up, confirm, choose, and leave."""
