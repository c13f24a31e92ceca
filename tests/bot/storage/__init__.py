"""What the storage promises, on both databases."""
