"""runbooks: sources, pages with their sections, vectors, questions, gaps"""
from alembic import op
import sqlalchemy as sa
import storage.base

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table('runbook_page',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=48), nullable=False),
    sa.Column('path', sa.String(length=500), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('read_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('owner', sa.String(), nullable=True),
    sa.Column('changed_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('is_stub', sa.Boolean(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_page_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_runbook_page')),
    sa.UniqueConstraint('workspace_id', 'source', 'path', name=op.f('uq_runbook_page_workspace_id_source_path')),
    sqlite_autoincrement=True
    )
    op.create_table('runbook_source',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=48), nullable=False),
    sa.Column('next_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('asked_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.String(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_source_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'name', name=op.f('pk_runbook_source'))
    )
    op.create_table('runbook_vector',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('model', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_vector_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'model', 'digest', name=op.f('pk_runbook_vector'))
    )
    op.create_table('runbook_section',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('page_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('path', sa.JSON(), nullable=False),
    sa.Column('anchor', sa.String(), nullable=False),
    sa.Column('markdown', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['page_id'], ['runbook_page.id'], name=op.f('fk_runbook_section_page_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_section_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_runbook_section')),
    sa.UniqueConstraint('page_id', 'ordinal', name=op.f('uq_runbook_section_page_id_ordinal')),
    sqlite_autoincrement=True
    )
    op.create_table('runbook_gap',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=250), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('laid_aside', sa.Boolean(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_runbook_gap_item_id')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_runbook_gap_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_gap_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'key', name=op.f('pk_runbook_gap'))
    )
    op.create_table('runbook_spend',
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('spent', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_spend_workspace_id')),
    sa.PrimaryKeyConstraint('workspace_id', 'month', name=op.f('pk_runbook_spend'))
    )
    op.create_table('runbook_question',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('workspace_id', sa.String(length=64), nullable=False),
    sa.Column('pilot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('asked_at', storage.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=False),
    sa.Column('room', sa.String(), nullable=True),
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('source', sa.String(length=48), nullable=True),
    sa.Column('path', sa.String(length=500), nullable=True),
    sa.Column('headings', sa.JSON(), nullable=True),
    sa.Column('section', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('others', sa.JSON(), nullable=False),
    sa.Column('thread', sa.String(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('said', sa.String(length=16), nullable=True),
    sa.Column('said_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('told_at', storage.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_runbook_question_alert_id')),
    sa.ForeignKeyConstraint(['pilot_id'], ['pilot.id'], name=op.f('fk_runbook_question_pilot_id')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_runbook_question_workspace_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_runbook_question'))
    )
    with op.batch_alter_table('runbook_question', schema=None) as batch_op:
        batch_op.create_index('ix_runbook_question_key', ['workspace_id', 'key', 'asked_at'], unique=False)
        batch_op.create_index('ix_runbook_question_pilot', ['workspace_id', 'pilot_id', 'asked_at'], unique=False)

    op.add_column('item', sa.Column('answers', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('item', 'answers')

    with op.batch_alter_table('runbook_question', schema=None) as batch_op:
        batch_op.drop_index('ix_runbook_question_pilot')
        batch_op.drop_index('ix_runbook_question_key')

    op.drop_table('runbook_question')
    op.drop_table('runbook_spend')
    op.drop_table('runbook_gap')
    op.drop_table('runbook_section')
    op.drop_table('runbook_vector')
    op.drop_table('runbook_source')
    op.drop_table('runbook_page')
