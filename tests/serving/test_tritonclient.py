"""Default code of NVIDIA's client against a whole service."""

from collections.abc import Iterator

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

pytestmark = pytest.mark.slow


@pytest.fixture
def client(service_url: str) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(service_url.removeprefix("http://")) as made:
        yield made


def features(*rows: tuple[float, float]) -> triton.InferInput:
    values = np.array(rows, np.float32)
    given = triton.InferInput("features", list(values.shape), "FP32")
    given.set_data_from_numpy(values)
    return given


def test_it_finds_out_what_is_served(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("toy")
    assert not client.is_model_ready("none")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("toy")
    (version,) = metadata["versions"]
    assert [(one["name"], one["datatype"], one["shape"]) for one in metadata["inputs"]] == [
        ("features", "FP32", [-1, 2])
    ]
    assert client.get_model_metadata("toy", version) == metadata
    assert client.get_model_config("toy")["input"][0]["dims"] == [-1, 2]
    assert client.get_model_repository_index() == [{"name": "toy", "version": version, "state": "READY", "reason": ""}]


def test_it_infers_in_binary_by_default_and_the_statistics_count_it(client: triton.InferenceServerClient) -> None:
    before = client.get_inference_statistics("toy")["model_stats"][0]
    result = client.infer("toy", [features((1, 2), (3, 4))], request_id="r7")
    assert result.as_numpy("forecast").tolist() == [1.5, 3.5]
    assert result.get_response()["id"] == "r7"
    after = client.get_inference_statistics()["model_stats"][0]
    assert after["inference_count"] == before["inference_count"] + 2
    assert after["inference_stats"]["success"]["count"] == before["inference_stats"]["success"]["count"] + 1


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_it_may_compress_what_it_sends(client: triton.InferenceServerClient, algorithm: str) -> None:
    result = client.infer("toy", [features((1, 2))], request_compression_algorithm=algorithm)
    assert result.as_numpy("forecast").tolist() == [1.5]


def test_keys_and_chosen_outputs_are_asked_for(client: triton.InferenceServerClient) -> None:
    given = triton.InferInput("keys", [2], "BYTES")
    given.set_data_from_numpy(np.array(["west", "east"], np.object_))
    result = client.infer("toy", [given], outputs=[triton.InferRequestedOutput("high")])
    assert result.as_numpy("high").tolist() == [16.0, 8.0]
    assert result.as_numpy("low") is None


def test_a_mistake_is_told_and_the_next_request_is_answered(client: triton.InferenceServerClient) -> None:
    wrong = triton.InferInput("features", [1, 3], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 3), np.float32))
    with pytest.raises(InferenceServerException, match=r"\[400\] features: shape \[n, 2\] is expected"):
        client.infer("toy", [wrong])
    with pytest.raises(InferenceServerException, match="404"):
        client.infer("toy", [features((1, 2))], model_version="none")
    assert client.infer("toy", [features((1, 2))]).as_numpy("forecast").tolist() == [1.5]
