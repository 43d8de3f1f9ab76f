"""A small disk of its own, that a test fills and frees."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
CHUNK = bytes(1 << 20)
AGAIN_SECONDS = 0.05


class Volume:
    """A mounted folder with room for little."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Not a byte is free while the block runs: what its users give up is taken at once."""
        filling = asyncio.create_task(self._stay_full())
        try:
            yield
        finally:
            filling.cancel()
            await asyncio.wait([filling])
            self._ballast.unlink()

    async def _stay_full(self) -> None:
        while True:
            self._fill()
            await asyncio.sleep(AGAIN_SECONDS)

    def _fill(self) -> None:
        size = len(CHUNK)
        with self._ballast.open("ab", buffering=0) as file:
            while size:
                try:
                    file.write(CHUNK[:size])
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2


@contextmanager
def small_volume(megabytes: int) -> Iterator[Volume]:
    """A file system in memory, as large as asked, while the block runs. Mounting takes root, or a silent sudo."""
    folder = Path(tempfile.mkdtemp(prefix="small-volume-"))
    owner = f"uid={os.getuid()},gid={os.getgid()}"
    options = f"size={megabytes}m,mode=0711,{owner}"
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield Volume(folder)
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
