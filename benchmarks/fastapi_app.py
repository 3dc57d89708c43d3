"""What a FastAPI service with LightGBM looks like: the same question, model and decision as the toy application's.

It keeps no telemetry, has no guards, modes or overrides and counts nothing: `uvicorn benchmarks.fastapi_app:app`, with
the model's file in the variable MODEL.
"""

import math
import os
from datetime import datetime

import lightgbm
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

COLUMNS = 30
SHOPS = ("east", "north", "south", "west")
ROWS = dict(zip(SHOPS, np.linspace(1.0, 9.0, 4).repeat(COLUMNS).reshape(4, 1, -1), strict=True))

app = FastAPI()
booster = lightgbm.Booster(model_file=os.environ["MODEL"])


class Question(BaseModel):
    """Body of a request."""

    shop: str
    at: datetime
    extra: float = 0.0


class Answer(BaseModel):
    """Body of a reply."""

    forecast: float
    bake: int


@app.post("/v1/loaves")
async def loaves(question: Question) -> Answer:
    """The forecast, and the loaves to bake."""
    forecast = float(np.asarray(booster.predict(ROWS[question.shop], num_threads=1)).item())
    return Answer(forecast=forecast, bake=math.ceil(forecast + question.extra))
