"""A feature set: one function from spine and history to columns, with what it promises."""

import functools
import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import TypeAlias

import polars as pl

from afield.errors import FeatureError

History: TypeAlias = Mapping[str, pl.LazyFrame]
Definition: TypeAlias = Callable[[pl.LazyFrame, History], pl.LazyFrame]

HAS_HISTORY = "has_history"


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """One definition of the features, used in batch, at every tick and on devices.

    A spine row is a prediction to make: its keys and its origin. The function gives the spine's rows in
    their order, with one column per name and the boolean `has_history`; it is fit-free, and uses only
    facts known before the row's origin and, of the spine, only rows of the same group.

    Attributes:
        compute: `(spine, history) -> columns`; options are bound with `functools.partial`.
        names: the feature columns, in order.
        lookback: how far before its origin a row looks; older facts change nothing.
        keys: columns that name a spine row together with its origin.
        origin: the column with the moment from which the prediction looks forward.
        group: columns whose equal rows may see each other.
        modules: further modules that the definition rests on; their code is part of the contract.
        narrow: some of the names → a definition of those alone, equal and cheaper, or None. What a group of features
            costs is measured with it; a definition that stays lazy needs none, for Polars leaves out what is not asked.
    """

    compute: Definition
    names: tuple[str, ...]
    lookback: timedelta
    keys: tuple[str, ...]
    origin: str
    group: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    narrow: Callable[[tuple[str, ...]], Definition] | None = None

    def __post_init__(self) -> None:
        """Refuse a set that no row can be computed for."""
        if len(set(self.names)) != len(self.names) or not self.names:
            raise FeatureError(f"feature names must be unique and at least one: {self.names}")
        if self.lookback <= timedelta(0):
            raise FeatureError(f"lookback must be positive, not {self.lookback}; say how far back a row looks")


def digest(feature_set: FeatureSet) -> str:
    """The SHA-256 (hex) of the feature contract: names, lookback, bound options and the code that computes.

    The code is the source of the module that defines the function and of those it rests on, so that a
    changed constant or private part changes the digest too.

    Raises:
        FeatureError: the source of the function cannot be found.
    """
    function: Definition = feature_set.compute
    bound: list[str] = []
    while isinstance(function, functools.partial):
        bound.append(repr((function.args, sorted(function.keywords.items()))))
        function = function.func
    try:
        modules = (sys.modules[function.__module__], *(import_module(name) for name in feature_set.modules))
        code = [inspect.getsource(module) for module in modules]
    except (AttributeError, ImportError, KeyError, OSError, TypeError) as error:
        raise FeatureError(f"no source found for {function!r}: {error}; define features in a module's file") from error
    contract = repr((feature_set.names, feature_set.lookback, feature_set.keys, feature_set.origin, bound, code))
    return hashlib.sha256(contract.encode()).hexdigest()
