"""Python loads this first in every program of a soak, because the soak puts this folder into its path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3]))

from tests.soak.named_points import install

install()
