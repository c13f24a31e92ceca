"""The local workspace: a chat, a shop and its providers on one machine, spoken to over real sockets."""
