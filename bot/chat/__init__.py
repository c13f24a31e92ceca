"""The chat systems: each folder translates to and from one of them."""
