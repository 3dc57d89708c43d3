"""Opened releases on their way from the proof to the predictor: each is opened once."""

from collections.abc import Callable

from afield.errors import ReleaseError
from afield.serving.releases import Release


class Opening:
    """Opens releases twice over for one opening: for who proves them, and for who answers with them."""

    def __init__(self, opened: Callable[[str], Release]) -> None:
        """Open with `opened`, which verifies a release and reproduces its golden rows."""
        self._opened = opened
        self._waiting: dict[str, Release] = {}

    def prove(self, digest: str) -> Release:
        """Open a release, and keep it until it is taken.

        Raises:
            ReleaseError: it does not verify, or does not reproduce its golden rows.
        """
        self._waiting[digest] = self._open(digest)
        return self._waiting[digest]

    def take(self, digest: str) -> Release:
        """The release, opened where it was not.

        Raises:
            ReleaseError: it does not verify, or does not reproduce its golden rows.
        """
        return self._waiting.pop(digest, None) or self._open(digest)

    def _open(self, digest: str) -> Release:
        try:
            return self._opened(digest)
        except ReleaseError:
            raise
        except Exception as error:  # the application's own code prepares a release: whatever it raises refuses it
            raise ReleaseError(f"it cannot be opened: {type(error).__name__}: {error}") from error
