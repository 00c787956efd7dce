"""``python -m bot``: the same as the ``groundcrew`` command."""

import gc
import sys

gc.disable()  # nothing that is loaded is ever garbage: looking through it takes a tenth of the start

from bot.cli import main  # noqa: E402

gc.freeze()
gc.set_threshold(20_000, 20, 20)  # one answer makes some ten thousand objects: not a dozen sweeps in each
gc.enable()
sys.exit(main())
