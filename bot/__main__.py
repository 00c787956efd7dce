"""``python -m bot``: the same as the ``groundcrew`` command."""

import gc
import sys

gc.disable()  # nothing that is loaded is ever garbage: looking through it takes a tenth of the start

from bot.cli import main  # noqa: E402
from bot.garbage import settle  # noqa: E402

settle()
gc.enable()
sys.exit(main())
