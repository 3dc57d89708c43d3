"""One person as stored data shows them: by their id, by its keyed hashes, and by what hangs on rows about them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from afield.errors import StoreError, UsageError
from afield.telemetry.privacy import keyed_hash

SHORTEST = 3
_PART = "0-9A-Za-z_-"
_FRAMES = {".parquet": pl.read_parquet, ".arrow": pl.read_ipc}


@dataclass(frozen=True, slots=True)
class Person:
    """How a person is recognised.

    Attributes:
        name: their id, as clients send it; found where it stands alone, not as a part of a longer word.
        hashes: the id under every key that is kept.
        linked: ids of events and facts about them: rows elsewhere that name one of these are about them too.
    """

    name: str
    hashes: tuple[str, ...]
    linked: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, name: str, keys: Collection[bytes]) -> "Person":
        """The person of this id.

        Raises:
            UsageError: it is too short to be told from other values.
        """
        if len(name.strip()) < SHORTEST:
            raise UsageError(
                f"{name!r} has under {SHORTEST} characters and would be found in rows about others; give a whole id"
            )
        return cls(name, tuple(keyed_hash(key, name) for key in keys))

    @property
    def pattern(self) -> str:
        """Finds the id and its hashes in text."""
        return "|".join((rf"(?:^|[^{_PART}]){re.escape(self.name)}(?:$|[^{_PART}])", *map(re.escape, self.hashes)))

    def rows(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows are about them."""
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        lists = [name for name, dtype in frame.schema.items() if dtype == pl.List(pl.String)]
        within = [*map(pl.col, texts), *(pl.col(name).list.join("\n") for name in lists)]
        said = [text.str.contains(self.pattern) for text in within]
        if self.linked:
            said += [pl.col(name).is_in(list(self.linked)) for name in texts]
        if not said:
            return pl.repeat(False, frame.height, eager=True)
        return frame.select(pl.any_horizontal(expr.fill_null(False) for expr in said)).to_series()

    def ids(self, frame: pl.DataFrame, columns: Sequence[str]) -> frozenset[str]:
        """What identifies the rows about them, in those of these columns that there are."""
        own = frame.filter(self.rows(frame))
        return frozenset(
            text
            for column in columns
            if own.schema.get(column) == pl.String
            for text in own[column].drop_nulls().to_list()
        )

    def in_file(self, path: Path) -> bool:
        """Whether a file names them: looked at as bytes, and as rows where it holds rows.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            content = path.read_bytes()
            # Between values of a binary file nothing need stand: there the id counts within a longer word too.
            binary = b"\0" in content and self.name.encode() in content
            if binary or re.search(self.pattern.encode(), content, re.MULTILINE):
                return True
            read = _FRAMES.get(path.suffix)
            return read is not None and bool(self.rows(read(path)).any())
        except FileNotFoundError:
            return False
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StoreError(f"{path}: cannot be looked into ({error}); mend or remove it, and run it again") from error
