"""What light, weather and camera do to a scene, and the regimes in which they come together."""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.rendering.streets import cut

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How one picture is taken.

    Attributes:
        light: factor on the brightness.
        warmth: how far red exceeds blue, as a share; street lamps are warm.
        focus: standard deviation of the blur of the lens, pixels.
        motion: length of the smear of a moving hand, pixels.
        glare: how much a lamp in the picture outshines it, in [0, 1].
        rain: how dense the streaks are, in [0, 1].
        crowd: chance of each sign that an umbrella or a passer-by hides one of its ends, in [0, 1].
        noise: standard deviation of the sensor's noise, of 255.
        smoothing: width of the median filter by which the camera takes noise, and fine strokes, away; 0 or odd.
        sharpening: how much the camera exaggerates edges; a new camera does, and blurred text then looks crisp.
        quality: of the JPEG file, in [1, 100].
    """

    light: float = 1.0
    warmth: float = 0.0
    focus: float = 0.0
    motion: float = 0.0
    glare: float = 0.0
    rain: float = 0.0
    crowd: float = 0.0
    noise: float = 2.0
    smoothing: int = 0
    sharpening: float = 0.0
    quality: int = 92


@dataclass(frozen=True, slots=True)
class Regime:
    """Ranges from which the conditions of each picture are drawn, evenly; `glare` and `rain` come with a chance."""

    name: str
    camera: str
    light: Range
    warmth: Range
    focus: Range
    motion: Range
    glare: tuple[float, Range]
    rain: tuple[float, Range]
    crowd: float
    noise: Range
    smoothing: tuple[int, ...]
    sharpening: Range
    quality: tuple[int, int]

    def draw(self, generator: random.Random) -> Conditions:
        """The conditions of one picture."""
        return Conditions(
            light=generator.uniform(*self.light),
            warmth=generator.uniform(*self.warmth),
            focus=generator.uniform(*self.focus),
            motion=generator.uniform(*self.motion),
            glare=generator.uniform(*self.glare[1]) if generator.random() < self.glare[0] else 0.0,
            rain=generator.uniform(*self.rain[1]) if generator.random() < self.rain[0] else 0.0,
            crowd=self.crowd,
            noise=generator.uniform(*self.noise),
            smoothing=generator.choice(self.smoothing),
            sharpening=generator.uniform(*self.sharpening),
            quality=generator.randint(*self.quality),
        )


DAY = Regime(
    name="day", camera="first", light=(0.85, 1.1), warmth=(-0.03, 0.06), focus=(0.0, 1.1), motion=(0.0, 3.0),
    glare=(0.12, (0.2, 0.7)), rain=(0.0, (0.0, 0.0)), crowd=0.02, noise=(1.0, 5.0), smoothing=(0,),
    sharpening=(0.0, 0.2), quality=(78, 95),
)  # fmt: skip
RAIN_AND_NIGHT = Regime(
    name="rain and night, new camera", camera="second", light=(0.35, 0.8), warmth=(0.05, 0.3), focus=(0.3, 1.6),
    motion=(0.0, 5.0), glare=(0.4, (0.3, 0.9)), rain=(0.7, (0.2, 1.0)), crowd=0.3, noise=(2.0, 6.0), smoothing=(3, 5),
    sharpening=(0.8, 2.0), quality=(50, 82),
)  # fmt: skip
REGIMES = (DAY, RAIN_AND_NIGHT)


def developed(scene: NDArray[np.uint8], conditions: Conditions, generator: random.Random) -> bytes:
    """The JPEG file that a camera makes of a scene.

    Args:
        scene: RGB, shape `(height, width, 3)`.
        conditions: light, weather and camera.
        generator: of where lamps, drops and noise fall.
    """
    height, width = scene.shape[:2]
    warm = np.array([1 + conditions.warmth, 1.0, 1 - conditions.warmth]) * conditions.light
    curve = np.clip(np.arange(256)[:, None] * warm, 0, 255).astype(np.uint8)
    shot = cv2.LUT(scene, curve[:, None, :])
    if conditions.glare:
        bloom = _glare(width, height, conditions.glare, generator)
        shot = cv2.add(shot, cv2.merge([(bloom * part).astype(np.uint8) for part in (255, 244, 224)]))
    if conditions.rain:
        shot = cv2.add(shot, cv2.merge([_rain(width, height, conditions.rain, generator)] * 3))
    if conditions.focus > 0.2:
        shot = cv2.GaussianBlur(shot, (0, 0), conditions.focus)
    if conditions.motion > 1:
        shot = cv2.filter2D(shot, -1, _smear(conditions.motion, generator.uniform(0, 180)))
    noise = (cut(width, height, generator) * conditions.noise).astype(np.int16)
    shot = cv2.add(shot, cv2.merge([noise] * 3), dtype=cv2.CV_8U)
    if conditions.smoothing:
        shot = cv2.medianBlur(shot, conditions.smoothing)
    if conditions.sharpening:
        soft = cv2.GaussianBlur(shot, (0, 0), 1.6)
        shot = cv2.addWeighted(shot, 1 + conditions.sharpening, soft, -conditions.sharpening, 0)
    _, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(shot, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, conditions.quality]
    )
    return coded.tobytes()


def _glare(width: int, height: int, strength: float, generator: random.Random) -> NDArray[np.float32]:
    """A lamp's bloom, shape `(height, width)`."""
    x, y = generator.uniform(0, width), generator.uniform(0, height)
    reach = generator.uniform(0.08, 0.25) * width
    across = np.exp(-(((np.arange(width, dtype=np.float32) - x) / reach) ** 2) / 2)
    down = np.exp(-(((np.arange(height, dtype=np.float32) - y) / reach) ** 2) / 2)
    bloom: NDArray[np.float32] = np.float32(strength) * down[:, None] * across[None, :]
    return bloom


def _rain(width: int, height: int, density: float, generator: random.Random) -> NDArray[np.uint8]:
    """Streaks of rain, shape `(height, width)`."""
    streaks = np.zeros((height, width), np.uint8)
    slant = generator.uniform(-0.3, 0.3)
    for _ in range(round(220 * density)):
        x, y = generator.randrange(width), generator.randrange(height)
        length = generator.randint(8, 26)
        cv2.line(streaks, (x, y), (round(x + slant * length), y + length), generator.uniform(20, 70), 1)
    return streaks


def _smear(length: float, angle: float) -> NDArray[np.float32]:
    """Kernel of a straight movement."""
    size = 2 * int(length / 2) + 3
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = np.clip(length / 2 + 0.5 - np.abs(np.arange(size) - size // 2), 0, 1)
    turn = cv2.getRotationMatrix2D((size // 2, size // 2), angle, 1.0)
    turned = np.asarray(cv2.warpAffine(kernel, turn, (size, size)), np.float32)
    return np.asarray(turned / turned.sum(), np.float32)
