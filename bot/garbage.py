"""How the process looks for garbage, once it is loaded."""

import gc


def settle() -> None:
    """Leave out what is loaded, which is never garbage, and look seldom.

    One answer makes some ten thousand objects: not a dozen sweeps in each. What outlives a sweep is looked at
    after five: a look then takes a tenth of a second, and after twenty so long that rooms miss their beat.
    """
    gc.freeze()
    gc.set_threshold(20_000, 5, 80)
