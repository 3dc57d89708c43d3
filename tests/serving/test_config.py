from pathlib import Path

import msgspec
import pytest

from afield.errors import ServingError, UsageError
from afield.serving.config import BELONGS, Config, is_loopback, read_config
from afield.testing.stand import Stand


def written(stand: Stand, **changes: object) -> Path:
    file = stand.folder / "config.json"
    file.write_bytes(msgspec.json.encode({**msgspec.to_builtins(stand.config(8000)), **changes}))
    return file


def test_a_configuration_reads_back(stand: Stand) -> None:
    assert read_config(written(stand)) == stand.config(8000)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"port": "x"}, r"\$\.port"),
        ({"port": 0}, "port must be"),
        ({"workers": 0}, "workers"),
        ({"prot": 1}, "unknown field `prot`"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(stand: Stand, changes: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        read_config(written(stand, **changes))
    assert "config.json" in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"design": "client", "gather": 0.01}, "gather does nothing with design client; it belongs to server"),
        ({"design": "hybrid", "otlp": "http://c"}, "otlp does nothing with design hybrid; it belongs to server or"),
        ({"design": "static", "upstream": "http://u"}, "upstream does nothing with design static"),
        ({"design": "client", "workers": 2}, "workers does nothing with design client"),
        ({"design": "client", "most": 2}, "workers does nothing with design client"),
        ({"cache": "valkey://h"}, "cache does nothing with design server; it belongs to cached"),
        ({"upstream_token": "/some/file"}, "upstream_token does nothing with design server"),
    ],
)
def test_what_does_nothing_in_a_design_is_refused(stand: Stand, changes: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_config(written(stand, **changes))


def test_every_field_that_belongs_to_a_design_is_looked_for() -> None:
    assert set(BELONGS) <= set(Config.__struct_fields__)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.json"):
        read_config(tmp_path / "nothing.json")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104 - they are refused
def test_an_address_that_others_reach_needs_a_token(stand: Stand, address: str) -> None:
    with pytest.raises(ServingError, match="token"):
        read_config(written(stand, address=address))
    assert read_config(written(stand, address=address, token="/some/file")).address == address


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(stand: Stand, address: str) -> None:
    assert is_loopback(address)
    assert read_config(written(stand, address=address)).token == ""
