"""What figures take of marsilea: heatmaps, their labels and colours, and UpSet plots.

marsilea imports seaborn for statistical plots of its own that nothing here draws. That takes more than half a second of each
job, so seaborn waits until such a plot asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["ColorMesh", "Colors", "Heatmap", "Labels", "Upset", "UpsetData"]


class _Deferred(ModuleType):
    """A module whose functions import it when they are called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **kwargs)

        return call


_defer = "seaborn" not in sys.modules
if _defer:
    sys.modules["seaborn"] = _Deferred("seaborn")
try:
    from marsilea import Heatmap
    from marsilea.plotter import ColorMesh, Colors, Labels
    from marsilea.upset import Upset, UpsetData
finally:
    if _defer:
        del sys.modules["seaborn"]
