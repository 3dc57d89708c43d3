"""A Ray cluster of two nodes on loopback addresses."""

from collections.abc import Iterator

import pytest

from benchmarks.ray_nodes import Nodes
from tests.store.object_store import KEYS, bucket


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    """The endpoint of an S3-compatible store; its keys are in the environment, of nodes too."""
    with pytest.MonkeyPatch.context() as patch, bucket() as endpoint:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield endpoint


@pytest.fixture(scope="module")
def cluster(object_store: str) -> Iterator[Nodes]:
    """A head and a second node with a processor each; gone afterwards, whatever happened."""
    with Nodes.up() as nodes:
        nodes.node("second", 3)
        yield nodes
