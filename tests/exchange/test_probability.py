import numpy as np
import onnx
import pytest

from afield.exchange.probability import YES, of_yes
from afield.records.release import Part
from afield.serving.model import Model
from tests.exchange.graphs import classifier, written

COLUMNS = ("a", "b")


@pytest.mark.parametrize("opset", [True, False])
def test_the_second_column_is_what_is_left(opset: bool) -> None:
    whole = written(classifier(opset=opset))
    made = of_yes(whole, "probabilities")
    rows = np.array([[1.0, 2.0], [-3.0, 1.0], [0.0, 0.0]], np.float32)
    both = Model(Part("m", COLUMNS, ("probabilities",), "m"), whole).run(rows)["probabilities"].reshape(-1, 2)
    assert Model(Part("m", COLUMNS, (YES,), "m"), made).run(rows)[YES].tolist() == both[:, 1].tolist()
    assert [each.name for each in onnx.load_model_from_string(made).graph.output] == [YES]
