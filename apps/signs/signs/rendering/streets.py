"""Draws what stands behind a sign: façades, walls, street ends, shop fronts and leaves, without any text."""

import random
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
TILE = 2048


def street(width: int, height: int, generator: random.Random) -> Picture:
    """A background, RGB, shape `(height, width, 3)`."""
    draw = generator.choice((facade, bricks, wall, road, shop_front, leaves))
    return draw(width, height, generator)


def facade(width: int, height: int, generator: random.Random) -> Picture:
    """A house front with rows of windows."""
    wall_colour = _muted(generator)
    picture = _plain(width, height, wall_colour, generator, 10)
    columns, rows = generator.randint(3, 7), generator.randint(2, 5)
    wide, tall = width / columns, height / rows
    glass = generator.choice(((62, 74, 88), (44, 50, 60), (120, 138, 150)))
    for column in range(columns):
        for row in range(rows):
            x, y = round((column + 0.22) * wide), round((row + 0.18) * tall)
            corner = (round((column + 0.78) * wide), round((row + 0.76) * tall))
            shade = generator.uniform(0.7, 1.25)
            cv2.rectangle(picture, (x, y), corner, _scaled(glass, shade), -1)
            cv2.rectangle(picture, (x, y), corner, _scaled(wall_colour, 0.6), 2)
            cv2.line(
                picture, ((x + corner[0]) // 2, y), ((x + corner[0]) // 2, corner[1]), _scaled(wall_colour, 0.7), 1
            )
    return picture


def bricks(width: int, height: int, generator: random.Random) -> Picture:
    """A wall of bricks or tiles."""
    colour = generator.choice(((152, 84, 62), (176, 150, 124), (122, 104, 92), (196, 196, 190)))
    picture = _plain(width, height, colour, generator, 14)
    tall = generator.randint(14, 34)
    wide = round(tall * generator.uniform(1.6, 2.6))
    mortar = _scaled(colour, generator.choice((0.7, 1.25)))
    for row, y in enumerate(range(0, height, tall)):
        cv2.line(picture, (0, y), (width, y), mortar, 1)
        for x in range(-(row % 2) * wide // 2, width, wide):
            cv2.line(picture, (x, y), (x, y + tall), mortar, 1)
    return picture


def wall(width: int, height: int, generator: random.Random) -> Picture:
    """Concrete, plaster or metal, with stains and joints."""
    picture = _plain(width, height, _muted(generator), generator, 26)
    for _ in range(generator.randint(0, 4)):
        x = generator.randrange(width)
        cv2.line(picture, (x, 0), (x + generator.randint(-6, 6), height), (90, 88, 84), 1)
    return picture


def road(width: int, height: int, generator: random.Random) -> Picture:
    """A street end: sky, houses on both sides, asphalt."""
    horizon = round(height * generator.uniform(0.35, 0.6))
    sky = generator.choice(((168, 196, 226), (206, 210, 214), (232, 222, 206)))
    picture = _plain(width, height, sky, generator, 8)
    picture[horizon:] = _plain(width, height - horizon, (104, 104, 106), generator, 16)
    x = 0
    while x < width:
        wide = generator.randint(width // 12, width // 5)
        away = abs((x + wide / 2) / width - 0.5) * 2
        top = round(horizon * (1 - away * generator.uniform(0.5, 1.0)))
        colour = _muted(generator)
        cv2.rectangle(picture, (x, top), (x + wide, horizon), colour, -1)
        for y in range(top + 8, horizon - 6, 18):
            for left in range(x + 6, x + wide - 8, 16):
                cv2.rectangle(picture, (left, y), (left + 7, y + 9), _scaled(colour, generator.uniform(0.5, 0.8)), -1)
        x += wide
    centre = width // 2
    spread = width // 3
    edges = np.array(
        [(centre - 4, horizon), (centre + 4, horizon), (centre + spread, height), (centre - spread, height)]
    )
    cv2.fillConvexPoly(picture, edges.astype(np.int32), (84, 84, 88))
    return picture


def shop_front(width: int, height: int, generator: random.Random) -> Picture:
    """A shop: board above, panes below, dark inside, coloured goods."""
    picture = _plain(width, height, _muted(generator), generator, 8)
    top, bottom = round(height * generator.uniform(0.25, 0.45)), round(height * 0.92)
    cv2.rectangle(picture, (0, top), (width, bottom), (54, 52, 54), -1)
    for _ in range(generator.randint(30, 70)):
        x, y = generator.randrange(width), generator.randrange(top, bottom)
        size = generator.randint(6, 26)
        colour = _colour(generator)
        cv2.rectangle(picture, (x, y), (x + size, y + size), _scaled(colour, 0.8), -1)
    for x in range(0, width, max(40, width // generator.randint(3, 6))):
        cv2.rectangle(picture, (x, top), (x + 6, bottom), (150, 150, 150), -1)
    cv2.rectangle(picture, (0, 0), (width, round(top * 0.35)), _scaled(_colour(generator), 0.7), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2).astype(np.uint8)


def leaves(width: int, height: int, generator: random.Random) -> Picture:
    """A hedge or a tree."""
    coarse = _cloud(width, height, 40, generator) * 26 + _cloud(width, height, 160, generator) * 20
    base = generator.choice(((66, 98, 52), (92, 112, 60), (120, 100, 60)))
    return _painted(base, coarse)


@lru_cache(maxsize=1)
def grain() -> NDArray[np.float32]:
    """A tile of normal noise, standard deviation 1, shape `(TILE, TILE)`: cut anew for every picture."""
    return np.random.default_rng(0).standard_normal((TILE, TILE), np.float32)


def cut(width: int, height: int, generator: random.Random) -> NDArray[np.float32]:
    """A piece of the grain, shape `(height, width)`; the grain repeats in a picture larger than the tile."""
    if max(width, height) > TILE:
        repeats = -(-height // TILE), -(-width // TILE)
        return np.tile(grain(), repeats)[:height, :width]
    x, y = generator.randint(0, TILE - width), generator.randint(0, TILE - height)
    return grain()[y : y + height, x : x + width]


def _plain(width: int, height: int, colour: Colour, generator: random.Random, rough: float) -> Picture:
    """A surface of one colour that light, dirt and grain make uneven."""
    uneven = _cloud(width, height, generator.randint(3, 9), generator) * (rough * 0.6)
    uneven += cut(width, height, generator) * (rough / 4)
    uneven += np.linspace(12, -12, height, dtype=np.float32)[:, None]
    return _painted(colour, uneven)


def _painted(colour: Colour, uneven: NDArray[np.float32]) -> Picture:
    """One colour, lighter and darker by `uneven`, shape `(height, width)`."""
    parts = [np.clip(uneven + np.float32(part), 0, 255).astype(np.uint8) for part in colour]
    return np.asarray(cv2.merge(parts), np.uint8)


def _cloud(width: int, height: int, cells: int, generator: random.Random) -> NDArray[np.float32]:
    """Smooth noise with this many cells across, standard deviation below 1."""
    small = cut(cells, max(2, cells * height // width), generator)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _muted(generator: random.Random) -> Colour:
    grey = generator.randint(80, 205)
    red, green, blue = (min(235, max(40, grey + generator.randint(-22, 22))) for _ in range(3))
    return red, green, blue


def _colour(generator: random.Random) -> Colour:
    return generator.randint(40, 225), generator.randint(40, 225), generator.randint(40, 225)


def _scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, round(part * factor)) for part in colour)
    return red, green, blue
