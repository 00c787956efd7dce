"""alerts that are held back are found within their workspace: SQLite read all open ones"""
from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'

_HELD = {'ix_alert_silence': 'silence_id', 'ix_alert_inhibited_by': 'inhibited_by'}


def _made(before: list[str]) -> None:
    for name, column in _HELD.items():
        where = sa.text(f"{column} IS NOT NULL AND state <> 'resolved'")
        op.drop_index(name, table_name='alert')
        op.create_index(name, 'alert', [*before, column], unique=False, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    _made(['workspace_id'])


def downgrade() -> None:
    _made([])
