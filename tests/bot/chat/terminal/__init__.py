"""The command line as a place to decide at."""
