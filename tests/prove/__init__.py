"""Long proofs, a folder for each part; `make test` passes them by, `make prove PART=…` does not."""
