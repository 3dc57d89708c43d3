"""Who may call what: every route of a whole worker, with every kind of token."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from afield import worker
from afield.errors import ServingError
from afield.serving.access import Access, Tokens
from afield.serving.http import Reply, Request
from afield.serving.routing import Role
from afield.serving.service import Service
from afield.serving.tokens import ROLES, Granted, changing, digest_of, new_token
from afield.testing.stand import Stand

NOW = datetime.now(UTC)
OWN = "own-secret-of-the-supervisor"

V2: dict[str, Role] = {
    "": "predict",
    "/ready": "predict",
    "/infer": "predict",
    "/config": "observe",
    "/stats": "observe",
}
ROUTES: dict[str, Role] = {
    "/v1/loaves": "predict",
    "/v1/telemetry": "predict",
    "/v1/contest": "predict",
    "/v1/keys": "predict",
    "/v1/bundles/champion": "predict",
    "/v1/bundles/{release}": "predict",
    "/v1/bundles/{release}/{file}": "predict",
    "/v1/snapshots/control": "predict",
    "/v1/snapshots/rows": "predict",
    "/v1/loaves/batch": "predict",
    "/openapi.json": "predict",
    "/v1/events": "operate",
    "/v1/cache": "observe",
    "/healthz": "observe",
    "/metrics": "observe",
    "/v2": "predict",
    "/v2/": "predict",
    "/v2/health/live": "anyone",
    "/v2/health/ready": "anyone",
    "/v2/models/stats": "observe",
    "/v2/repository/index": "observe",
    "/v2/repository/models/{model}/load": "operate",
    "/v2/repository/models/{model}/unload": "operate",
    **{
        f"/v2/models/{{model}}{version}{verb}": role
        for version in ("", "/versions/{version}")
        for verb, role in V2.items()
    },
}
"""Every route of a worker and the role that it needs. A route that is not in this table fails its test; of devices too,
in their own tests."""

TRICKS = (
    "/v1/../etc/passwd", "/v1/bundles/../../trusted", "/v1/bundles/%2e%2e/%2e%2e", "/v1/bundles/..%2f..", "//healthz",
    "/healthz/", "/healthz\x00", "/v1/bundles/\x00", "/v2/models/toy#/infer", "/v2/models/{model}", "/v1/{release}",
    "/HEALTHZ", "", "/", "*", "/v1/loaves/..", "/v2/health/live/../../../metrics", "/v2/health/live;/metrics",
    "/" + "a" * 100_000, "/v1/bundles/" + "a" * 100_000, "/v2/models/" + "/".join("a" * 5000), "/\u202e", "/\ud800",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def tokens(folder: Path) -> dict[str, str]:
    """A token by what it is good for."""
    made: dict[str, str] = {}
    with changing(folder / "tokens.json") as kept:
        for role in ROLES:
            made[role], token = new_token(role, (role,), NOW, timedelta(days=1))
            kept.append(token)
        made["all"], token = new_token("all", ROLES, NOW, None)
        kept.append(token)
        made["expired"], token = new_token("expired", ROLES, NOW - timedelta(days=2), timedelta(days=1))
        kept.append(token)
    return made


@pytest.fixture(scope="module")
def service(folder: Path, tokens: dict[str, str]) -> Service:
    """A whole worker's service, which follows nothing; of the cached design, which has a route more."""
    stand = Stand(folder / "stand")
    stand.rows()
    stand.control(stand.release())
    config = stand.config(8000, token=str(folder / "tokens.json"))
    file = folder / "config.json"
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(config, own=digest_of(OWN), design="cached")))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("afield.worker.threading.Thread", lambda **_: Still())
        return worker.make(file)


class Still:
    """A thread that does nothing."""

    def start(self) -> None:
        pass


def call(service: Service, path: str, token: str | None, method: str | None = None, **headers: str) -> Reply:
    found = service.paths.get(path)
    asked = method or (next(iter(found.methods)) if found else "GET")
    given = {"host": "localhost", **headers, **({"authorization": f"Bearer {token}"} if token is not None else {})}
    return service.reply(Request(asked, path.replace("{", "").replace("}", ""), given, b"{}"))


def error(reply: Reply) -> str:
    return msgspec.json.decode(reply.body, type=dict[str, str])["error"]


def test_every_route_has_its_role_in_the_table(service: Service) -> None:
    assert {path: route.role for path, route in service.paths.items()} == ROUTES


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_a_route_is_open_to_its_role_and_to_no_other(
    service: Service, tokens: dict[str, str], path: str, role: Granted
) -> None:
    reply = call(service, path, tokens[role])
    if ROUTES[path] in (role, "anyone"):
        assert reply.status not in (401, 403)
    else:
        assert reply.status == 403
        assert ROUTES[path] in error(reply)


@pytest.mark.parametrize("path", ROUTES)
def test_without_a_token_in_force_a_route_is_closed(service: Service, tokens: dict[str, str], path: str) -> None:
    wrong = [None, "", "x", tokens["expired"], tokens["all"][:-1], tokens["all"] + "x", "\u00e9" * 40, "a" * 100_000]
    for given in wrong:
        reply = call(service, path, given)
        if ROUTES[path] == "anyone":
            assert reply.status == 200
            continue
        assert reply.status == 401
        assert ("www-authenticate", "Bearer") in reply.headers
        assert error(reply)
        assert tokens["all"] not in reply.body.decode()


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""])
def test_no_method_opens_what_is_closed(service: Service, path: str, method: str) -> None:
    if ROUTES[path] != "anyone":
        assert call(service, path, None, method).status == 401


@pytest.mark.parametrize("path", TRICKS, ids=lambda path: ascii(path)[:40])
def test_a_path_that_tries_tricks_opens_nothing_and_the_next_request_is_answered(
    service: Service, tokens: dict[str, str], path: str
) -> None:
    closed = service.reply(Request("GET", path, {"host": "localhost"}))
    assert (closed.status, bool(error(closed))) == (401, True)
    headers = {"host": "localhost", "authorization": f"Bearer {tokens['all']}"}
    opened = service.reply(Request("GET", path, headers))
    assert opened.status in (400, 404, 405)
    assert error(opened)
    assert service.reply(Request("GET", "/healthz", headers)).status == 200


def test_the_supervisor_looks_its_workers_over_and_may_do_nothing_else(service: Service) -> None:
    for path, role in ROUTES.items():
        assert (call(service, path, OWN).status == 403) == (role in ("predict", "operate"))


def test_a_request_of_a_foreign_page_or_host_is_refused_with_the_right_token_as_well(
    service: Service, tokens: dict[str, str]
) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"host": "localhost.evil.example"}):
        assert call(service, "/v2/health/live", tokens["all"], **headers).status == 403


def test_beyond_loopback_a_worker_without_tokens_does_not_start(stand: Stand, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    for token in ("", str(tmp_path / "missing.json")):
        config = msgspec.structs.replace(stand.config(8000, token=token), address="192.0.2.1")
        file.write_bytes(msgspec.json.encode(config))
        with pytest.raises(ServingError, match="token"):
            worker.make(file)


def test_names_that_clients_send_are_remembered_within_bounds() -> None:
    access = Access(["svc.example"], Tokens())
    for number in range(1000):
        assert access.refusal({"host": f"h{number}.example"}) is not None
    assert access.refusal({"host": "SVC.example:8000"}) is None
    assert len(access._known) <= 256
