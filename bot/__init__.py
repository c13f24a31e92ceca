"""How a rollback works, and the process that runs it."""
