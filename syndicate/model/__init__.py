"""What the store holds, as frozen values, and the pure decisions about them."""
