"""Options: a design at a place."""

from dataclasses import dataclass

from afield.records.considerations import Considerations, Design
from afield.records.places import Place


@dataclass(frozen=True, slots=True)
class Option:
    """A design, and where its model lives.

    Attributes:
        design: one of the five.
        place: the device that holds the model; the cloud for server and cached.
    """

    design: Design
    place: str

    @property
    def name(self) -> str:
        """What tables call it: `client on the phone`, `server`."""
        return self.design if not self.local else f"{self.design} on the {self.place}"

    @property
    def local(self) -> bool:
        """Whether a device answers by itself."""
        return self.design in ("static", "client", "hybrid")

    @property
    def remote(self) -> bool:
        """Whether it asks the cloud for answers."""
        return self.design in ("server", "cached", "hybrid")

    @property
    def synchronised(self) -> bool:
        """Whether devices fetch releases and facts."""
        return self.design in ("client", "hybrid")


def options(considered: Considerations, designs: tuple[Design, ...]) -> tuple[Option, ...]:
    """Each design at each place where it can be, near to far."""
    devices = considered.places[:-1]
    return tuple(
        option
        for design in designs
        for option in (
            tuple(Option(design, place.name) for place in devices)
            if Option(design, "").local
            else (Option(design, considered.cloud.name),)
        )
    )


def place_of(considered: Considerations, option: Option) -> Place:
    """The place that holds the model of an option."""
    return next(place for place in considered.places if place.name == option.place)
