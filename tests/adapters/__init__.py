"""The adapters, against servers that behave like the vendors', on good days and bad ones."""
