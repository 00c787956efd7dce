"""Runs migrations on the connection that storage.migrate hands over."""

from alembic import context

from storage import alerting as alerting
from storage import nudging as nudging
from storage import shelf as shelf
from storage.base import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata,
                  render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
