"""The published sets that are there: which one `latest` shows, and which may go.

Only a directory whose manifest is ketum's and gives the directory's own name is a set of ours;
whatever else people keep beside them is never touched.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections import defaultdict
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.outputs import manifest
from pipeline.outputs.manifest import Manifest, OddManifestError
from pipeline.settings import PUBMED_ORIGIN, Settings
from pipeline.storage import sync_directory, write_atomically

log = logging.getLogger("ketum")

SETS_KEPT = 10
"""Of each origin; older ones are removed."""
KEPT = "KEPT"
"""File that lists sets which are cited somewhere, one a line: `ketum keep`."""
LEFTOVERS = (".building-*", ".removing-*", ".replaced-*")
_LIVE_NAME = re.compile(rf"\d{{4}}-\d\d-\d\d-{PUBMED_ORIGIN}-[0-9a-f]{{12}}(-\d+)?")


def require_link(settings: Settings) -> None:
    """See that `latest` is a link or missing, since only a link can be switched.

    Raises:
        ConfigurationError: a directory or file stands in its place, as after copying `data/`
            with a program that follows links.
    """
    latest = settings.latest
    if latest.is_symlink() or not latest.exists():
        return
    raise ConfigurationError(
        f"{latest} is not a link to a set, as ketum makes it, but a copy of one.",
        effect="Nothing changed; readers go on seeing that copy.",
        next_step=f"`mv {latest} {latest}.copied`, then the same command again; the copy may go "
        "once there is a link again.",
    )


def shown(settings: Settings) -> Path | None:
    """The directory that `latest` shows; None if there is none."""
    return settings.latest.resolve() if settings.latest.exists() else None


def before(settings: Settings, origin: str) -> Path | None:
    """The set that a new one may share files with: the last of its origin, or what `latest` shows.

    An archive that stands beside live data is not what `latest` shows.
    """
    current = shown(settings)
    try:
        if current is None or manifest.read(current).origin == origin:
            return current
    except OddManifestError:
        return current  # publishing says so
    own = [path for path, held in all_sets(settings) if held.origin == origin]
    return own[-1].resolve() if own else current


def shown_manifest(settings: Settings) -> Manifest | None:
    """The manifest of the set that `latest` shows; None if nothing is published.

    Raises:
        OddManifestError: what it shows is no set of ketum's, or is gone.
    """
    return manifest.read(settings.latest.resolve()) if os.path.lexists(settings.latest) else None


def all_sets(settings: Settings) -> list[tuple[Path, Manifest]]:
    """The sets of ours with their manifests, oldest first; not whether their files are whole."""
    found = []
    for path in settings.published.glob("*/"):
        if path.is_symlink() or path.name.startswith("."):
            continue
        try:
            held = manifest.read(path)
        except OddManifestError:
            continue
        if held.set_id == path.name:
            found.append((path, held))
    return sorted(found, key=lambda entry: (entry[1].as_of, entry[0].name))


def switch(settings: Settings, set_id: str) -> None:
    """Let `latest` show a set, in one step."""
    link = settings.published / ".latest.part"
    link.unlink(missing_ok=True)
    link.symlink_to(set_id)
    link.replace(settings.latest)
    write_atomically(settings.published / "LATEST", f"{set_id}\n".encode())


def offer(settings: Settings, set_id: str, origin: str) -> str | None:
    """Let `latest` show a new set, unless an offline one would take the place of a live one.

    Where `latest` was lost, an offline set brings the newest live set back.

    Returns:
        None if `latest` shows the set now, else a sentence on what it shows.
    """
    if origin == PUBMED_ORIGIN:
        switch(settings, set_id)
        return None
    current = shown(settings)
    if current is not None and _is_live(current) and manifest.is_readable(current):
        return "`latest` keeps showing the live data"
    live = [path for path, held in all_sets(settings) if held.origin == PUBMED_ORIGIN]
    for path in reversed(live):
        if manifest.damage(path) is None:
            switch(settings, path.name)
            return f"`latest` was lost; it shows the newest live set again, {path.name}"
    if live or (current is not None and _is_live(current)):
        return (
            "`latest` is left as it is, since the live data is damaged "
            f"(`ketum rebuild --origin {PUBMED_ORIGIN}` writes it anew)"
        )
    switch(settings, set_id)
    return None


def restore(settings: Settings) -> str:
    """Let `latest`, whose set is gone, show the newest set that is left, a live one if there is.

    Returns:
        a sentence on what it shows.
    """
    found = all_sets(settings)
    live = [entry for entry in found if entry[1].origin == PUBMED_ORIGIN]
    for path, _ in reversed(live or found):
        if manifest.damage(path) is None:
            switch(settings, path.name)
            return f"`latest` shows {path.name}."
    settings.latest.unlink(missing_ok=True)
    (settings.published / "LATEST").unlink(missing_ok=True)
    return "`latest` is gone: no other set is left."


def _is_live(directory: Path) -> bool:
    """Whether a set is of live data: as its manifest says, or else its name."""
    try:
        return manifest.read(directory).origin == PUBMED_ORIGIN
    except OddManifestError:
        return _LIVE_NAME.fullmatch(directory.name) is not None


def remove_leftovers(settings: Settings) -> None:
    """Remove what a killed run left of a set it was writing or removing."""
    for pattern in LEFTOVERS:
        for leftover in settings.published.glob(pattern):
            shutil.rmtree(leftover)


def put_in_place(building: Path, target: Path) -> None:
    """Rename a finished directory to its name; a damaged set of that name goes."""
    replaced = target.with_name(f".replaced-{target.name}")
    if target.exists():
        target.rename(replaced)
    building.rename(target)
    sync_directory(target.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a set so that a reader finds it whole or not at all.

    Raises:
        OSError: it cannot be removed.
    """
    going = path.with_name(f".removing-{path.name}")
    path.rename(going)
    shutil.rmtree(going)


def kept(settings: Settings) -> list[str]:
    """Names of the sets that are kept on purpose, as `published/KEPT` lists them."""
    try:
        text = (settings.published / KEPT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.split("\n") if line.strip()]


def keep(settings: Settings, set_id: str) -> None:
    """Keep a set on purpose, for as long as nobody calls `let_go`.

    Raises:
        ConfigurationError: there is no such set.
    """
    if set_id not in [path.name for path, _ in all_sets(settings)]:
        raise ConfigurationError(
            f"There is no set {set_id} under {settings.published}.",
            effect="Nothing changed.",
            next_step="the sets are the directories there; `ketum status` names the latest.",
        )
    _write_kept(settings, {*kept(settings), set_id})


def let_go(settings: Settings, set_id: str) -> None:
    """Keep a set no longer on purpose: it goes when it is old enough.

    Raises:
        ConfigurationError: it was not kept on purpose.
    """
    names = kept(settings)
    if set_id not in names:
        raise ConfigurationError(
            f"The set {set_id} is not kept on purpose.",
            effect="Nothing changed.",
            next_step="`ketum keep` lists those that are.",
        )
    _write_kept(settings, set(names) - {set_id})


def _write_kept(settings: Settings, names: set[str]) -> None:
    body = "".join(f"{name}\n" for name in sorted(names))
    write_atomically(settings.published / KEPT, body.encode())


def prune(settings: Settings) -> list[str]:
    """Keep the last SETS_KEPT sets of each origin, what `latest` shows and what is kept on purpose.

    Returns:
        a sentence for each set that was removed, or that should have been.
    """
    by_origin: dict[str, list[Path]] = defaultdict(list)
    for path, held in all_sets(settings):
        by_origin[held.origin].append(path)
    current, on_purpose = shown(settings), kept(settings)
    told = []
    for origin, paths in by_origin.items():
        for path in paths[:-SETS_KEPT]:
            if path.resolve() == current or path.name in on_purpose:
                continue
            try:
                remove(path)
            except OSError as error:
                told.append(f"The old set {path.name} could not be removed: {error.strerror}.")
                continue
            told.append(
                f"The old set {path.name} was removed: the last {SETS_KEPT} of {origin} are kept."
            )
    for sentence in told:
        log.info("%s", sentence)
    return told
