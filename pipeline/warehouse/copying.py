"""Copy a file and hash it in one pass: a program of its own, `python copying.py FROM TO`.

It imports nothing of ketum, since it is started for each set. Where the file system can, both files
share their blocks; else gigabytes that nobody reads at once are written past the kernel's cache:
that takes less of the processor, and what the cache holds stays there.
"""

import fcntl
import hashlib
import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path

AT_ONCE = 1 << 22
PAST_CACHE = getattr(os, "O_DIRECT", 0)
CLONE = 0x40049409
"""FICLONE of Linux: Btrfs and XFS know it."""


def copy(source: Path, path: Path) -> str:
    """Copy a file to where there is none, synced to disk; returns its SHA-256 as hex digits.

    Raises:
        OSError: the disk is full, or something cannot be read or written.
    """
    digest = hashlib.sha256()
    # an mmap begins with a page, as writing past the cache must
    buffer = memoryview(mmap.mmap(-1, AT_ONCE))
    with source.open("rb", buffering=0) as file, path.open("xb", buffering=0) as into:
        usual = fcntl.fcntl(into, fcntl.F_GETFL)
        is_shared = False
        with suppress(OSError):
            fcntl.ioctl(into, CLONE, file.fileno())
            is_shared = True
        with suppress(OSError):
            fcntl.fcntl(into, fcntl.F_SETFL, usual | PAST_CACHE)
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            if count < AT_ONCE:  # the last piece may end within a block
                fcntl.fcntl(into, fcntl.F_SETFL, usual)
            done = count if is_shared else 0
            while done < count:
                try:
                    done += into.write(buffer[done:count])
                except OSError:
                    if fcntl.fcntl(into, fcntl.F_GETFL) == usual:
                        raise
                    fcntl.fcntl(into, fcntl.F_SETFL, usual)  # some file systems refuse only here
        os.fsync(into.fileno())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(copy(Path(sys.argv[1]), Path(sys.argv[2])))
