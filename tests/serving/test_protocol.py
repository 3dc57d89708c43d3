from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from afield.errors import ContradictionError, InferenceError, RequestError
from afield.serving.http import NotFoundError
from afield.serving.inference import Outputs
from afield.serving.inputs import MOST_ROWS
from afield.serving.messages import InferReply
from afield.serving.outputs import Inferred
from afield.serving.protocol import Call, Protocol
from afield.serving.releases import Release
from afield.serving.tensors import DATATYPES
from afield.testing.stand import FEATURE_SET
from tests.serving.bakery import Bakery, Broken, broken, release
from tests.serving.calling import inferred


@pytest.fixture
def protocol(bakery: Bakery) -> Protocol:
    bakery.see(release("r1"), release("r2", (1.0, 0.0)), broken("r3"), last_good="r2")
    return Protocol("toy", "0.1.0", bakery.predictor)


def ask(protocol: Protocol, *inputs: object, version: str | None = None, **more: object) -> InferReply:
    return inferred(protocol, msgspec.json.encode({"inputs": inputs, **more}), version).reply


def features(data: object, shape: object = (2, 2), datatype: str = "FP32") -> dict[str, object]:
    return {"name": "features", "shape": shape, "datatype": datatype, "data": data}


def keys(*names: str) -> dict[str, object]:
    return {"name": "keys", "shape": [len(names)], "datatype": "BYTES", "data": names}


@pytest.mark.parametrize("datatype", [name for name in DATATYPES if name not in ("BOOL", "BYTES")])
@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]]])
def test_features_are_scored_flat_or_nested(protocol: Protocol, datatype: str, data: object) -> None:
    reply = ask(protocol, features(data, datatype=datatype), id="7")
    assert (reply.model_name, reply.model_version, reply.id) == ("toy", "r1", "7")
    assert {one.name: one.data for one in reply.outputs}["forecast"] == [1.5, 3.5]
    assert reply.outputs[0].shape == (2,)


def test_truths_are_numbers_too(protocol: Protocol) -> None:
    reply = ask(protocol, features([True, False, False, True], datatype="BOOL"))
    assert reply.outputs[0].data == [0.5, 0.5]


def test_a_version_names_the_release_that_scores(protocol: Protocol) -> None:
    reply = ask(protocol, features([1, 2, 3, 4]), version="r2", outputs=[{"name": "forecast"}])
    assert [one.data for one in reply.outputs] == [[1.0, 3.0]]


def test_keys_are_looked_up_in_the_feature_rows(protocol: Protocol) -> None:
    assert ask(protocol, keys("west", "east")).outputs[0].data == [13.0, 5.0]


def test_fallbacks_are_named_in_the_parameters(bakery: Bakery, protocol: Protocol) -> None:
    bakery.see(broken("r1"))
    assert ask(protocol, keys("east")).parameters == {"applied": "fallback:baseline"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (features([1, 2, 3], (2, 2)), "does not hold 3"),
        (features([1, 2, 3, 4], (4,)), r"shape \[n, 2\]"),
        (features([1, 2, 3, 4], (1, 4)), r"shape \[n, 2\]"),
        (features([], (0, 2)), r"shape \[n, 2\]"),
        (features([[1, 2], [3]]), "every row"),
        (features([[1, 2], [3, "4"]]), "numbers are expected"),
        (features([1, 2, 3, True]), "numbers are expected"),
        (features([1, 2, 3, None]), "numbers are expected"),
        (features([1, 2, 3, 1e300]), "too large"),
        (features([1, 2, 3, 65505], datatype="FP16"), "too large for FP16"),
        (features([1, 2, 3, 256], datatype="UINT8"), "outside the range of UINT8"),
        (features([1, 2, 3, -1], datatype="UINT64"), "outside the range of UINT64"),
        (features([1, 2, 3, 2**63], datatype="INT64"), "outside the range of INT64"),
        (features([1, 2, 3, 4.5], datatype="INT32"), "whole numbers are expected"),
        (features([True, False, 1, 0], datatype="BOOL"), "true or false are expected"),
        (features(["1", "2", "3", "4"], datatype="BYTES"), "numbers are expected"),
        (features([1, 2, 3, 4], datatype="fp32"), "no datatype"),
        (features([1, 2, 3, 4], datatype="BF16"), "no datatype"),
        (features([1, 2, 3, 4], (-2, -2)), r"shape \[n, 2\]"),
        (features([1, 2, 3, 4], (2**64, 2)), r"shape \[n, 2\]"),
        (features([], (MOST_ROWS + 1, 2)), r"shape \[n, 2\]"),
        ({**features([1, 2, 3, 4]), "parameters": {"binary_data_size": 16}}, "16 bytes are announced"),
        ({**features([1, 2, 3, 4]), "parameters": {"shared_memory_region": "r"}}, "not served here"),
        ({"name": "features", "shape": [2, 2], "datatype": "FP32"}, "neither data nor"),
        ({**features([1, 2, 3, 4]), "name": "other"}, "no input 'other'"),
        (keys("moon"), "moon"),
        (keys(), r"shape \[n\]"),
        ({**keys("east"), "shape": [2]}, "does not hold 1"),
        ({**keys("east"), "datatype": "FP32"}, "BYTES"),
        ({**keys("east"), "data": [1]}, "strings"),
    ],
)
def test_an_input_that_does_not_fit_is_told_why(protocol: Protocol, given: object, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        ask(protocol, given)


def test_an_output_that_is_not_there_is_refused(protocol: Protocol) -> None:
    with pytest.raises(RequestError, match="no output 'price'"):
        ask(protocol, features([1, 2, 3, 4]), outputs=[{"name": "price"}])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ([{"name": "low"}, {"name": "low"}], "asked for twice"),
        ([{"name": "low", "parameters": {"classification": 1}}], "not served here"),
        ([{"name": "low", "parameters": {"binary_data": "yes"}}], "true or false"),
    ],
)
def test_an_output_that_cannot_be_sent_so_is_refused(protocol: Protocol, asked: object, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        ask(protocol, features([1, 2, 3, 4]), outputs=asked)


def test_exactly_one_input_is_taken(protocol: Protocol) -> None:
    with pytest.raises(RequestError, match="one input"):
        ask(protocol, keys("east"), keys("west"))


def test_keys_go_to_the_champion_only(protocol: Protocol) -> None:
    assert ask(protocol, keys("east"), version="r1").outputs
    with pytest.raises(RequestError, match="answered by the champion"):
        ask(protocol, keys("east"), version="r2")


def test_a_model_that_fails_on_given_features_is_an_error(protocol: Protocol) -> None:
    with pytest.raises(InferenceError, match="broken"):
        ask(protocol, features([1, 2, 3, 4]), version="r3")


def test_numbers_that_the_model_has_no_answer_for_are_the_client_s_fault(bakery: Bakery) -> None:
    bakery.see(release("r1", (3e38, 3e38)))
    protocol = Protocol("toy", "0.1.0", bakery.predictor)
    assert ask(protocol, features([0, 0], (1, 2))).outputs[0].data == [0.0]
    with pytest.raises(ContradictionError, match="no answer for these numbers"):
        ask(protocol, features([3e38, 3e38], (1, 2)))


def test_an_output_that_no_fallback_knows_is_told_apart_from_one_that_is_not_there(bakery: Bakery) -> None:
    bakery.see(replace(broken("r1"), outputs=("forecast", "low", "high")))
    protocol = Protocol("toy", "0.1.0", bakery.predictor)
    assert "low" not in {one.name for one in ask(protocol, keys("east")).outputs}
    with pytest.raises(ContradictionError, match="low is not known while a fallback answers"):
        ask(protocol, keys("east"), outputs=[{"name": "low"}])
    with pytest.raises(RequestError, match="no output 'price'"):
        ask(protocol, keys("east"), outputs=[{"name": "price"}])


def test_metadata_names_inputs_columns_outputs_and_versions(protocol: Protocol) -> None:
    metadata = protocol.metadata("toy", None)
    assert metadata.versions == ["r1", "r2", "r3"]
    assert [(one.name, one.shape) for one in metadata.inputs] == [("features", (-1, 2))]
    assert metadata.parameters == {"features": "last_hour,usual", "instead_of_features": "keys BYTES [-1]"}
    assert {one.name for one in metadata.outputs} == {"forecast", "low", "high"}


def test_the_configuration_has_the_shapes_of_the_metadata(protocol: Protocol) -> None:
    configuration = protocol.configuration("toy", "r2")
    assert [(one.name, one.data_type, one.dims) for one in configuration.input] == [("features", "TYPE_FP32", [-1, 2])]
    assert configuration.max_batch_size == 0


def test_an_unknown_model_or_version_is_not_found(protocol: Protocol) -> None:
    for model, version in (("other", None), ("toy", "r9")):
        with pytest.raises(NotFoundError):
            protocol.metadata(model, version)


def test_the_server_says_what_it_is_and_what_it_extends(protocol: Protocol) -> None:
    server = protocol.server()
    assert (server.name, server.version) == ("afield", "0.1.0")
    assert "binary_tensor_data" in server.extensions


def calls(*given: tuple[object, str | None]) -> list[Call]:
    return [Call("toy", version, msgspec.json.encode({"inputs": [one]})) for one, version in given]


def forecasts(found: Sequence[Inferred | Exception]) -> list[object]:
    return [type(one) if isinstance(one, Exception) else one.reply.outputs[0].data for one in found]


def test_requests_of_one_release_are_answered_by_one_pass(protocol: Protocol) -> None:
    one, two = features([1, 2], (1, 2)), features([1, 2, 3, 4])
    found = protocol.infer(calls((one, None), (two, "r2"), (two, None), (keys("east"), None), (keys("west"), None)))
    assert forecasts(found) == [[1.5], [1.0, 3.0], [1.5, 3.5], [5.0], [13.0]]
    assert [(each.rows, each.together) for each in found if isinstance(each, Inferred)] == [
        (1, 2), (2, 1), (2, 2), (1, 2), (1, 2)
    ]  # fmt: skip


def test_the_failure_of_one_request_is_no_other_s(protocol: Protocol) -> None:
    good, bad = features([1, 2], (1, 2)), features([1, 2, 3], (1, 2))
    moon = keys("moon")
    asked = calls((good, None), (bad, None), (good, "r3"), (keys("east"), None), (moon, None), (good, "r9"))
    found = protocol.infer([*asked, Call("toy", None, b"{"), Call("other", None, b"{}")])
    assert forecasts(found) == [
        [1.5], RequestError, InferenceError, [5.0], RequestError, NotFoundError, msgspec.DecodeError, NotFoundError
    ]  # fmt: skip


def test_numbers_without_an_answer_spoil_no_other_request_of_the_pass(bakery: Bakery) -> None:
    bakery.see(release("r1", (3e38, 3e38)))
    protocol = Protocol("toy", "0.1.0", bakery.predictor)
    bad, good = features([3e38, 3e38], (1, 2)), features([0, 0], (1, 2))
    found = protocol.infer(calls((good, None), (bad, None), (good, None)))
    assert forecasts(found) == [[0.0], ContradictionError, [0.0]]


def test_the_release_that_a_request_found_answers_it_whatever_comes_meanwhile(bakery: Bakery) -> None:
    class Swapping(Broken):
        """A part during whose pass another champion comes."""

        def predict(self, rows: Outputs) -> NDArray[np.float64]:
            bakery.see(release("r2"))
            return rows["usual"]

    bakery.see(Release("r1", {"loaves": Swapping()}, FEATURE_SET, ("forecast",)))
    protocol = Protocol("toy", "0.1.0", bakery.predictor)
    for given in (features([1, 2], (1, 2)), keys("east")):
        bakery.see(Release("r1", {"loaves": Swapping()}, FEATURE_SET, ("forecast",)))
        assert ask(protocol, given, outputs=[{"name": "forecast"}]).model_version == "r1"
    assert protocol.versions() == ["r2"]
