"""``python -m bot``: the same as the ``groundcrew`` command."""

import sys

from bot.cli import main

sys.exit(main())
