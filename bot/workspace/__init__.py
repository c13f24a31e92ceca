"""The local workspace: a chat, a shop and its providers on this machine, over real sockets."""
