"""Alembic's way in: it runs this file to migrate the connection that it was given."""

from alembic import context

from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: BEGIN is ours
    render_as_batch=True,
)
context.run_migrations()
