"""Where everything is kept: the only place that knows the database.

tables -> connection (SQLite, PostgreSQL) -> codec, chain -> the parts of a transaction
       -> transaction -> writer (one thread, group commit) -> store
"""
