"""A small disk of its own for tests of what happens when it is full."""

import os
import shutil
import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own in memory, and how to set its size in KB."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def resize(kilobytes, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join([*options, f"size={kilobytes}k"]), "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    made = resize(65_536) if shutil.which("mount") else None
    if made is None or made.returncode != 0:
        reason = f"cannot mount a tmpfs: {made.stderr.strip() if made else 'no mount command'}"
        (pytest.fail if os.environ.get("LATERALIS_REQUIRE_TMPFS") else pytest.skip)(reason)
    try:
        yield folder, lambda kilobytes: resize(kilobytes, "remount").check_returncode()
    finally:
        subprocess.run(["umount", str(folder)], check=True)
