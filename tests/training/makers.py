"""Estimators that recipes of tests name: some convert to ONNX, some do not."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.svm import SVR


def forest(seed: int) -> RandomForestRegressor:
    return RandomForestRegressor(20, min_samples_leaf=5, random_state=seed)


def forest_of_classes(seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(20, min_samples_leaf=5, random_state=seed)


def machine(seed: int) -> SVR:
    return SVR(C=10.0)


class Own:
    """An estimator of one's own, which nobody taught skl2onnx."""

    def fit(self, rows, truth):
        self.mean = np.mean(truth)
        return self

    def predict(self, rows):
        return np.full(len(rows), self.mean)


def own(seed: int) -> Own:
    return Own()


def nothing(seed: int) -> str:
    return "no estimator"
