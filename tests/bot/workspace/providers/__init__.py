"""The local providers, over real sockets."""
