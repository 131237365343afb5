import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

LIGHT = """
import sys
import lateralis.figures.heatmap, lateralis.figures.upset
print([name for name in ("seaborn", "scipy.stats") if name in sys.modules])
"""
WHOLE = """
import sys
import numpy as np
import lateralis.figures.tiles
import marsilea
board = marsilea.Heatmap(np.eye(3))
board.add_top(marsilea.plotter.Violin(np.arange(30.0).reshape(10, 3)))
board.render()
print("seaborn" in sys.modules, hasattr(sys.modules["seaborn"], "__version__"))
"""


def run(code):
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_heatmaps_import_no_statistics():
    assert run(LIGHT) == "[]"


def test_what_waits_is_there_when_it_is_asked_for():
    assert run(WHOLE) == "True True"
