"""The rules about health and metadata: what a server says of itself and of a model."""

from afield.testing.v2.case import REST, YAML, Case, Rule, answered, named_versions
from afield.testing.v2.server import BrokenRuleError, ServerMetadata
from afield.testing.v2.tensors import DATATYPES


def _live(case: Case) -> None:
    answered(case.server.get("/v2/health/live"))


def _ready(case: Case) -> None:
    answered(case.server.get("/v2/health/ready"))


def _live_body(case: Case) -> None:
    found = answered(case.server.get("/v2/health/live")).read(dict[str, object])
    if found.get("live") is not True:
        raise BrokenRuleError(f'{{"live": true}} is expected, not {found}')


def _server_metadata(case: Case) -> None:
    answered(case.server.get("/v2")).read(ServerMetadata)


def _model_ready(case: Case) -> None:
    answered(case.server.get(case.server.at("ready")))


def _model_ready_body(case: Case) -> None:
    found = answered(case.server.get(case.server.at("ready"))).read(dict[str, object])
    if (found.get("name"), found.get("ready")) != (case.server.model, True):
        raise BrokenRuleError(f"name and ready are expected, not {found}")


def _model_metadata(case: Case) -> None:
    metadata = case.server.metadata()
    if metadata.name != case.server.model:
        raise BrokenRuleError(f"the metadata of {case.server.model} are named {metadata.name}")
    for tensor in (*metadata.inputs, *metadata.outputs):
        if tensor.datatype not in DATATYPES:
            raise BrokenRuleError(f"{tensor.name}: {tensor.datatype} is no datatype of the protocol")
        if any(size < -1 for size in tensor.shape):
            raise BrokenRuleError(f"{tensor.name}: shape {list(tensor.shape)}; a variable dimension is -1")


def _versions(case: Case) -> None:
    for version in named_versions(case):
        for verb in ("", "ready"):
            answered(case.server.get(case.server.at(verb, version=version)))


RULES = (
    Rule("live", "must", YAML, "GET /v2/health/live is 200", _live),
    Rule("ready", "must", YAML, "GET /v2/health/ready is 200", _ready),
    Rule("live-body", "should", f"{REST}, Server Live", 'it says {"live": true}', _live_body),
    Rule("server", "must", f"{REST}, Server Metadata", "GET /v2 has name, version, extensions", _server_metadata),
    Rule("model-ready", "must", f"{REST}, Model Ready", "GET …/ready is 200 for a loaded model", _model_ready),
    Rule("model-ready-body", "should", f"{REST}, Model Ready", "it says name and ready", _model_ready_body),
    Rule("metadata", "must", f"{REST}, Model Metadata", "they have name, platform, inputs, outputs", _model_metadata),
    Rule("versions", "must", f"{REST}, Model Metadata", "every version that they name is there", _versions),
)
