"""The copy of a database is its bytes, with their SHA-256, or it is said why not."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import subprocess
import sys

import pytest

from pipeline.warehouse import copying
from pipeline.warehouse.copying import AT_ONCE


@pytest.mark.parametrize("size", [0, 1, 4096, AT_ONCE, AT_ONCE + 4096, 2 * AT_ONCE + 4099])
def test_a_file_of_any_size_is_copied_and_hashed(tmp_path, size):
    body = os.urandom(size)
    (tmp_path / "a").write_bytes(body)
    assert copying.copy(tmp_path / "a", tmp_path / "b") == hashlib.sha256(body).hexdigest()
    assert (tmp_path / "b").read_bytes() == body


def test_what_stands_there_stays(tmp_path):
    (tmp_path / "a").write_bytes(b"other")
    (tmp_path / "b").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        copying.copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"mine"


@pytest.mark.whole
def test_what_cannot_be_written_is_said(tmp_path):
    """No file may have more than so many bytes here, as on a disk that is full."""
    (tmp_path / "a").write_bytes(os.urandom(2 * AT_ONCE))
    most = AT_ONCE + 4096
    done = subprocess.run(
        [sys.executable, "-ISB", copying.__file__, tmp_path / "a", tmp_path / "b"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        check=False,
    )
    assert done.returncode and "File too large" in done.stderr


def test_a_file_system_that_does_not_write_past_the_cache_is_written_as_usual(
    tmp_path, monkeypatch
):
    """It says so when that is asked for, or only when something is written."""
    body = os.urandom(AT_ONCE + 7)
    (tmp_path / "a").write_bytes(body)
    monkeypatch.setattr(copying, "PAST_CACHE", 0)
    copying.copy(tmp_path / "a", tmp_path / "b")
    monkeypatch.setattr(copying, "PAST_CACHE", os.O_DIRECT)
    # an odd place in memory is what such writing refuses
    monkeypatch.setattr(copying.mmap, "mmap", lambda _fd, size: memoryview(bytearray(size + 1))[1:])
    copying.copy(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes() == body


def test_blocks_are_shared_where_the_file_system_shares_them(tmp_path, monkeypatch):
    """Stood in for by writing the bytes at once: what was shared is not written again."""
    body = os.urandom(AT_ONCE + 7)
    (tmp_path / "a").write_bytes(body)

    def share(into, request, source):
        assert request == copying.CLONE
        os.write(into.fileno(), os.pread(source, len(body), 0))

    monkeypatch.setattr(fcntl, "ioctl", share)
    assert copying.copy(tmp_path / "a", tmp_path / "b") == hashlib.sha256(body).hexdigest()
    assert (tmp_path / "b").read_bytes() == body
