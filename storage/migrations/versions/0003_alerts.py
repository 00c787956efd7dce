"""alerts: sources, signals, silences, rotations, and what is owed to other systems"""
from alembic import op
import sqlalchemy as sa
import storage.base

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('alert_source',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=48), nullable=False),
    sa.Column('vendor', sa.String(length=32), nullable=False),
    sa.Column('secret', sa.String(), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('former_secret', sa.String(), nullable=True),
    sa.Column('former_until', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('heard_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_alert_source_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'name', name=op.f('pk_alert_source'))
    )
    op.create_table('drift_window',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('window', sa.String(length=64), nullable=False),
    sa.Column('at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('drift', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(length=48), nullable=False),
    sa.Column('room', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_drift_window_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drift_window')),
    sa.UniqueConstraint('workspace_id', 'key', 'window', name=op.f('uq_drift_window_workspace_id_key_window'))
    )
    with op.batch_alter_table('drift_window', schema=None) as batch_op:
        batch_op.create_index('ix_drift_window_at', ['workspace_id', 'key', 'at'], unique=False)
        batch_op.create_index('ix_drift_window_room', ['workspace_id', 'room', 'at'], unique=False)

    op.create_table('presence',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('began_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('alive_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_presence_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'began_at', name=op.f('pk_presence'))
    )
    op.create_table('pull',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('next_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('asked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('value', sa.Double(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_pull_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'name', name=op.f('pk_pull'))
    )
    with op.batch_alter_table('pull', schema=None) as batch_op:
        batch_op.create_index('ix_pull_next_at', ['next_at'], unique=False)

    op.create_table('rotation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('name_key', sa.String(), nullable=False),
    sa.Column('zone', sa.String(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('layers', sa.JSON(), nullable=False),
    sa.Column('provider', sa.JSON(), nullable=True),
    sa.Column('heard', sa.JSON(), nullable=True),
    sa.Column('ask_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('feed_key', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_rotation_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_rotation_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rotation')),
    sa.UniqueConstraint('workspace_id', 'name_key', name=op.f('uq_rotation_workspace_id_name_key'))
    )
    with op.batch_alter_table('rotation', schema=None) as batch_op:
        batch_op.create_index('ix_rotation_ask_at', ['ask_at'], unique=False, sqlite_where=sa.text('ask_at IS NOT NULL'), postgresql_where=sa.text('ask_at IS NOT NULL'))
        batch_op.create_index('ux_rotation_feed_key', ['feed_key'], unique=True)

    op.create_table('silence',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('matchers', sa.JSON(), nullable=False),
    sa.Column('begins_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('held', sa.Integer(), nullable=False),
    sa.Column('ended_by', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_silence_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_silence_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_silence'))
    )
    with op.batch_alter_table('silence', schema=None) as batch_op:
        batch_op.create_index('ix_silence_ends_at', ['workspace_id', 'ends_at'], unique=False)

    op.create_table('alert',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=48), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('severity', sa.String(length=8), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('room', sa.String(length=64), nullable=False),
    sa.Column('opened_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('labels', sa.JSON(), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.Column('links', sa.JSON(), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.Enum('open', 'acked', 'resolved', name='alertstate', native_enum=False, length=24), nullable=False),
    sa.Column('is_storm', sa.Boolean(), nullable=False),
    sa.Column('storm_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('firing', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('turns', sa.Integer(), nullable=False),
    sa.Column('is_flapping', sa.Boolean(), nullable=False),
    sa.Column('is_event', sa.Boolean(), nullable=False),
    sa.Column('was_unseen', sa.Boolean(), nullable=False),
    sa.Column('skew_s', sa.Integer(), nullable=True),
    sa.Column('acked_by', sa.String(length=64), nullable=True),
    sa.Column('acked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('eta_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_how', sa.String(length=16), nullable=True),
    sa.Column('resolved_by', sa.String(length=64), nullable=True),
    sa.Column('stale_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('silence_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('inhibited_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('chain', sa.JSON(), nullable=False),
    sa.Column('next_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('drift', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['inhibited_by'], ['alert.id'], name=op.f('fk_alert_inhibited_by')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_alert_pilot_id')),
    sa.ForeignKeyConstraint(['silence_id'], ['silence.id'], name=op.f('fk_alert_silence_id')),
    sa.ForeignKeyConstraint(['storm_id'], ['alert.id'], name=op.f('fk_alert_storm_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_alert_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index('ix_alert_inhibited_by', ['inhibited_by'], unique=False, sqlite_where=sa.text("inhibited_by IS NOT NULL AND state <> 'resolved'"), postgresql_where=sa.text("inhibited_by IS NOT NULL AND state <> 'resolved'"))
        batch_op.create_index('ix_alert_silence', ['silence_id'], unique=False, sqlite_where=sa.text("silence_id IS NOT NULL AND state <> 'resolved'"), postgresql_where=sa.text("silence_id IS NOT NULL AND state <> 'resolved'"))
        batch_op.create_index('ix_alert_key', ['workspace_id', 'key', 'resolved_at'], unique=False)
        batch_op.create_index('ix_alert_next_at', ['next_at'], unique=False, sqlite_where=sa.text('next_at IS NOT NULL'), postgresql_where=sa.text('next_at IS NOT NULL'))
        batch_op.create_index('ix_alert_listed', ['workspace_id', 'rank'], unique=False, sqlite_where=sa.text("state <> 'resolved' AND storm_id IS NULL"), postgresql_where=sa.text("state <> 'resolved' AND storm_id IS NULL"))
        batch_op.create_index('ix_alert_opened_at', ['workspace_id', 'opened_at'], unique=False)
        batch_op.create_index('ix_alert_pilot', ['workspace_id', 'pilot_id', 'opened_at'], unique=False)
        batch_op.create_index('ix_alert_room', ['workspace_id', 'room', 'opened_at'], unique=False)
        batch_op.create_index('ix_alert_storm', ['storm_id'], unique=False, sqlite_where=sa.text('storm_id IS NOT NULL'), postgresql_where=sa.text('storm_id IS NOT NULL'))
        batch_op.create_index('ux_alert_open', ['workspace_id', 'key'], unique=True, sqlite_where=sa.text("state <> 'resolved'"), postgresql_where=sa.text("state <> 'resolved'"))

    op.create_table('inhibitor',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_inhibitor_alert_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_inhibitor_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'key', 'alert_id', name=op.f('pk_inhibitor'))
    )
    op.create_table('shift_change',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('rotation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.String(length=64), nullable=False),
    sa.Column('begins_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['rotation_id'], ['rotation.id'], name=op.f('fk_shift_change_rotation_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_shift_change_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shift_change'))
    )
    with op.batch_alter_table('shift_change', schema=None) as batch_op:
        batch_op.create_index('ix_shift_change', ['rotation_id', 'ends_at'], unique=False)

    op.create_table('alert_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(length=24), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('to', sa.String(length=64), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_alert_step_alert_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_alert_step_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_step'))
    )
    with op.batch_alter_table('alert_step', schema=None) as batch_op:
        batch_op.create_index('ix_alert_step', ['workspace_id', 'alert_id', 'id'], unique=False)
        batch_op.create_index('ix_alert_step_at', ['workspace_id', 'at'], unique=False)

    op.create_table('outgoing',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('target', sa.String(length=48), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('asked_by', sa.String(length=64), nullable=True),
    sa.Column('confirmed_by', sa.String(length=64), nullable=True),
    sa.Column('next_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('done_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('given_up_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_outgoing_alert_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_outgoing_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outgoing')),
    sa.UniqueConstraint('workspace_id', 'key', name=op.f('uq_outgoing_workspace_id_key'))
    )
    with op.batch_alter_table('outgoing', schema=None) as batch_op:
        batch_op.create_index('ix_outgoing_next_at', ['next_at'], unique=False, sqlite_where=sa.text('next_at IS NOT NULL'), postgresql_where=sa.text('next_at IS NOT NULL'))

    op.create_table('signal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('fingerprint', sa.String(length=32), nullable=False),
    sa.Column('source', sa.String(length=48), nullable=False),
    sa.Column('state', sa.Enum('firing', 'resolved', 'event', name='signalstate', native_enum=False, length=24), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('first_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('labels', sa.JSON(), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.Column('links', sa.JSON(), nullable=False),
    sa.Column('started_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('lapses_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('fired', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_signal_alert_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_signal_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signal')),
    sa.UniqueConstraint('workspace_id', 'fingerprint', name=op.f('uq_signal_workspace_id_fingerprint'))
    )
    with op.batch_alter_table('signal', schema=None) as batch_op:
        batch_op.create_index('ix_signal_alert', ['alert_id', 'state'], unique=False)
        batch_op.create_index('ix_signal_lapses_at', ['lapses_at'], unique=False, sqlite_where=sa.text('lapses_at IS NOT NULL'), postgresql_where=sa.text('lapses_at IS NOT NULL'))
        batch_op.create_index('ix_signal_name', ['workspace_id', 'source', 'name', 'first_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('signal', schema=None) as batch_op:
        batch_op.drop_index('ix_signal_name')
        batch_op.drop_index('ix_signal_lapses_at', sqlite_where=sa.text('lapses_at IS NOT NULL'), postgresql_where=sa.text('lapses_at IS NOT NULL'))
        batch_op.drop_index('ix_signal_alert')

    op.drop_table('signal')
    with op.batch_alter_table('outgoing', schema=None) as batch_op:
        batch_op.drop_index('ix_outgoing_next_at', sqlite_where=sa.text('next_at IS NOT NULL'), postgresql_where=sa.text('next_at IS NOT NULL'))

    op.drop_table('outgoing')
    with op.batch_alter_table('alert_step', schema=None) as batch_op:
        batch_op.drop_index('ix_alert_step_at')
        batch_op.drop_index('ix_alert_step')

    op.drop_table('alert_step')
    with op.batch_alter_table('shift_change', schema=None) as batch_op:
        batch_op.drop_index('ix_shift_change')

    op.drop_table('shift_change')
    op.drop_table('inhibitor')
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index('ux_alert_open', sqlite_where=sa.text("state <> 'resolved'"), postgresql_where=sa.text("state <> 'resolved'"))
        batch_op.drop_index('ix_alert_storm', sqlite_where=sa.text('storm_id IS NOT NULL'), postgresql_where=sa.text('storm_id IS NOT NULL'))
        batch_op.drop_index('ix_alert_room')
        batch_op.drop_index('ix_alert_pilot')
        batch_op.drop_index('ix_alert_opened_at')
        batch_op.drop_index('ix_alert_listed', sqlite_where=sa.text("state <> 'resolved' AND storm_id IS NULL"), postgresql_where=sa.text("state <> 'resolved' AND storm_id IS NULL"))
        batch_op.drop_index('ix_alert_next_at', sqlite_where=sa.text('next_at IS NOT NULL'), postgresql_where=sa.text('next_at IS NOT NULL'))
        batch_op.drop_index('ix_alert_key')
        batch_op.drop_index('ix_alert_silence', sqlite_where=sa.text("silence_id IS NOT NULL AND state <> 'resolved'"), postgresql_where=sa.text("silence_id IS NOT NULL AND state <> 'resolved'"))
        batch_op.drop_index('ix_alert_inhibited_by', sqlite_where=sa.text("inhibited_by IS NOT NULL AND state <> 'resolved'"), postgresql_where=sa.text("inhibited_by IS NOT NULL AND state <> 'resolved'"))

    op.drop_table('alert')
    with op.batch_alter_table('silence', schema=None) as batch_op:
        batch_op.drop_index('ix_silence_ends_at')

    op.drop_table('silence')
    with op.batch_alter_table('rotation', schema=None) as batch_op:
        batch_op.drop_index('ux_rotation_feed_key')
        batch_op.drop_index('ix_rotation_ask_at', sqlite_where=sa.text('ask_at IS NOT NULL'), postgresql_where=sa.text('ask_at IS NOT NULL'))

    op.drop_table('rotation')
    with op.batch_alter_table('pull', schema=None) as batch_op:
        batch_op.drop_index('ix_pull_next_at')

    op.drop_table('pull')
    op.drop_table('presence')
    with op.batch_alter_table('drift_window', schema=None) as batch_op:
        batch_op.drop_index('ix_drift_window_room')
        batch_op.drop_index('ix_drift_window_at')

    op.drop_table('drift_window')
    op.drop_table('alert_source')
