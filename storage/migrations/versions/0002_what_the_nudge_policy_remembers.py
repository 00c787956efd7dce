"""what the nudge policy remembers"""
from alembic import op
import sqlalchemy as sa
import storage.base

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('function_head',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.String(length=64), nullable=False),
    sa.Column('set_by', sa.String(length=64), nullable=False),
    sa.Column('set_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_function_head_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'role', name=op.f('pk_function_head'))
    )
    op.create_table('briefing',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=64), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('slots', sa.JSON(), nullable=False),
    sa.Column('invited_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('attendees', sa.JSON(), nullable=False),
    sa.Column('stand_in_asked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('async_asked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_briefing_item_id')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_briefing_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_briefing_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'item_id', name=op.f('pk_briefing'))
    )
    op.create_table('decision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sponsor_id', sa.String(length=64), nullable=False),
    sa.Column('made_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ask_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('asked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('choice', sa.String(length=16), nullable=True),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_decision_item_id')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_decision_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_decision_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index('ix_decision_ask_at', ['ask_at'], unique=False, sqlite_where=sa.text('ask_at IS NOT NULL'), postgresql_where=sa.text('ask_at IS NOT NULL'))
        batch_op.create_index('ix_decision_item', ['workspace_id', 'item_id'], unique=False)
        batch_op.create_index('ix_decision_sponsor', ['workspace_id', 'sponsor_id', 'asked_at'], unique=False)

    op.create_table('told',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.String(length=64), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('nudge_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('step', sa.String(length=16), nullable=False),
    sa.Column('at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('is_copy', sa.Boolean(), nullable=False),
    sa.Column('acted_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_told_item_id')),
    sa.ForeignKeyConstraint(['nudge_id'], ['nudge.id'], name=op.f('fk_told_nudge_id')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_told_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_told_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_told')),
    sa.UniqueConstraint('nudge_id', 'person_id', 'item_id', 'step', name='uq_told_once')
    )
    with op.batch_alter_table('told', schema=None) as batch_op:
        batch_op.create_index('ix_told_item', ['workspace_id', 'item_id'], unique=False)
        batch_op.create_index('ix_told_person', ['workspace_id', 'person_id', 'at'], unique=False)
        batch_op.create_index('ix_told_pilot', ['workspace_id', 'pilot_id', 'at'], unique=False)

    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owner_since', storage.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('active_at', storage.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('step', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('step_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('snoozed_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('snoozes', sa.Integer(), server_default=sa.text('0'), nullable=False))
        batch_op.add_column(sa.Column('on_it_by', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('on_it_at', storage.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_item_waived_until', ['waived_until'], unique=False, sqlite_where=sa.text('waived_until IS NOT NULL'), postgresql_where=sa.text('waived_until IS NOT NULL'))

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('digest', sa.String(length=8), server_default='daily', nullable=False))
        batch_op.add_column(sa.Column('away_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('delegate_id', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('locale', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('dnd_from', storage.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('dnd_until', storage.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('dnd_seen_at', storage.base.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.add_column(sa.Column('first_shown_at', storage.base.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table('pilot', schema=None) as batch_op:
        batch_op.add_column(sa.Column('nudge_mention', sa.String(length=8), server_default='mention', nullable=False))
        batch_op.add_column(sa.Column('nudge_content', sa.String(), server_default='roles,briefings,due,late', nullable=False))
        batch_op.add_column(sa.Column('halved_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('checked_on', sa.Date(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('post', recreate='never') as batch_op:
        batch_op.drop_column('first_shown_at')

    with op.batch_alter_table('pilot', recreate='never') as batch_op:
        batch_op.drop_column('checked_on')
        batch_op.drop_column('halved_on')
        batch_op.drop_column('nudge_content')
        batch_op.drop_column('nudge_mention')

    with op.batch_alter_table('person', recreate='never') as batch_op:
        batch_op.drop_column('dnd_seen_at')
        batch_op.drop_column('dnd_until')
        batch_op.drop_column('dnd_from')
        batch_op.drop_column('locale')
        batch_op.drop_column('delegate_id')
        batch_op.drop_column('away_until')
        batch_op.drop_column('digest')

    with op.batch_alter_table('item', recreate='never') as batch_op:
        batch_op.drop_index('ix_item_waived_until', sqlite_where=sa.text('waived_until IS NOT NULL'), postgresql_where=sa.text('waived_until IS NOT NULL'))
        batch_op.drop_column('on_it_at')
        batch_op.drop_column('on_it_by')
        batch_op.drop_column('snoozes')
        batch_op.drop_column('snoozed_until')
        batch_op.drop_column('step_on')
        batch_op.drop_column('step')
        batch_op.drop_column('active_at')
        batch_op.drop_column('owner_since')

    with op.batch_alter_table('told', schema=None) as batch_op:
        batch_op.drop_index('ix_told_pilot')
        batch_op.drop_index('ix_told_person')
        batch_op.drop_index('ix_told_item')

    op.drop_table('told')
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.drop_index('ix_decision_sponsor')
        batch_op.drop_index('ix_decision_item')
        batch_op.drop_index('ix_decision_ask_at', sqlite_where=sa.text('ask_at IS NOT NULL'), postgresql_where=sa.text('ask_at IS NOT NULL'))

    op.drop_table('decision')
    op.drop_table('briefing')
    op.drop_table('function_head')
