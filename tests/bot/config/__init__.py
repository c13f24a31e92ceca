"""Configuration: what a file comes to, and what is said about its mistakes."""
