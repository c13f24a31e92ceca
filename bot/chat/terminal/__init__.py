"""The command line as a place to decide at: no chat, no session, only a key of one's own.

keys        made, kept, and used to sign
signatures  what tells whether a key signed something
drawing     a message as a terminal shows it
"""
