"""Open Inference Protocol v2: the champion, and any other loaded release, as a model.

The model is called by the application's name, a version is the digest of a loaded release. It takes
`features`, a tensor of numbers of shape `[n, k]` with the columns that the metadata name, in any numeric datatype;
or instead `keys`, a BYTES tensor of shape `[n]`: feature rows are then looked up, and guards and fallbacks apply
(the reply's parameter `applied` names them). Nothing that comes this way is decided on or recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from afield.errors import ContradictionError, InferenceError, RequestError
from afield.serving import binary
from afield.serving.apart import attempt
from afield.serving.http import NotFoundError
from afield.serving.inference import Rows, parted
from afield.serving.inputs import FEATURES, KEYS, Matrix, given
from afield.serving.messages import (
    Configuration,
    Configured,
    Described,
    InferRequest,
    Listed,
    Metadata,
    ServerMetadata,
)
from afield.serving.outputs import OUTPUT, Inferred, told
from afield.serving.predictor import Predictor
from afield.serving.releases import Release
from afield.serving.scoring import Scored
from afield.serving.situation import Situation

PLATFORM, BACKEND = "onnxruntime_onnx", "onnxruntime"
EXTENSIONS = (binary.EXTENSION, "model_configuration", "model_repository", "statistics")


@dataclass(frozen=True, slots=True)
class Call:
    """An infer request as it comes.

    Attributes:
        model: its name.
        version: a release, or None for the champion.
        body: JSON, and the bytes of binary tensors after it.
        length: the header that says where the JSON ends; None where all of the body is.
    """

    model: str
    version: str | None
    body: bytes
    length: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was read: what is asked of which release, with features of shape `(n, k)` or with n keys."""

    release: Release
    request: InferRequest
    given: Matrix | list[str]

    @property
    def kind(self) -> str:
        """The same for requests that one pass may answer."""
        return KEYS if isinstance(self.given, list) else self.release.digest


class Protocol:
    """Version 2 requests against a predictor."""

    def __init__(self, application: str, version: str, predictor: Predictor) -> None:
        """Serve `application`, a service of code version `version`."""
        self.application = application
        self._version = version
        self._predictor = predictor
        self._requests = msgspec.json.Decoder(InferRequest)

    def server(self) -> ServerMetadata:
        """Server metadata."""
        return ServerMetadata("afield", self._version, EXTENSIONS)

    def versions(self) -> list[str]:
        """Digests of the loaded releases: the champion, then those that may follow it."""
        control, loaded = self._predictor.situation.control, self._predictor.situation.releases
        order = dict.fromkeys((control.champion, control.challenger, control.last_good, *loaded))
        return [digest for digest in order if digest in loaded]

    def index(self) -> list[Listed]:
        """Every loaded release, as a version of the one model."""
        return [Listed(self.application, digest, "READY", "") for digest in self.versions()]

    def metadata(self, model: str, version: str | None) -> Metadata:
        """Model metadata.

        Raises:
            NotFoundError: there is no such model or version.
        """
        release = self.release(model, version)
        return Metadata(
            name=model,
            versions=self.versions(),
            platform=PLATFORM,
            inputs=[Described(FEATURES, "FP32", (-1, len(release.features)))],
            outputs=[Described(name, OUTPUT, (-1,)) for name in release.outputs],
            parameters={"features": ",".join(release.features), "instead_of_features": f"{KEYS} BYTES [-1]"},
        )

    def configuration(self, model: str, version: str | None) -> Configuration:
        """Model configuration; the shapes are those of the metadata.

        Raises:
            NotFoundError: there is no such model or version.
        """
        release = self.release(model, version)
        return Configuration(
            name=model,
            platform=PLATFORM,
            backend=BACKEND,
            max_batch_size=0,
            input=[Configured(FEATURES, "TYPE_FP32", [-1, len(release.features)])],
            output=[Configured(name, f"TYPE_{OUTPUT}", [-1]) for name in release.outputs],
        )

    def release(self, model: str, version: str | None) -> Release:
        """The loaded release that a path names: the champion where it names no version.

        Raises:
            NotFoundError: there is no such model or version.
        """
        return self._release(self._predictor.situation, model, version)

    def check_name(self, model: str) -> None:
        """Return where a model is called so.

        Raises:
            NotFoundError: there is none.
        """
        if model != self.application:
            raise NotFoundError(f"no model {model[:80]!r}; there is: {self.application}")

    def infer(self, calls: Sequence[Call]) -> list[Inferred | Exception]:
        """The reply to each request, or why it has none; the failure of one is no other's.

        Requests that bring features for one release are answered by one pass of its model, and so are those that name
        keys. What a request may come to instead of a reply:

        - NotFoundError: there is no such model or version.
        - msgspec.DecodeError: the JSON is malformed.
        - RequestError: an input does not fit; the message names it.
        - ContradictionError: the model has no answer for these numbers, or an output is not known at the moment.
        - InferenceError: the model failed.
        """
        seen = self._predictor.situation
        asked = [attempt(self._asked, seen, call) for call in calls]
        alike: dict[str, dict[int, _Asked]] = {}
        for place, each in enumerate(asked):
            if isinstance(each, _Asked):
                alike.setdefault(each.kind, {})[place] = each
        replies: dict[int, Inferred | Exception] = {}
        for group in alike.values():
            replies.update(zip(group, self._answered(seen, list(group.values())), strict=True))
        return [replies[place] if isinstance(each, _Asked) else each for place, each in enumerate(asked)]

    def _release(self, seen: Situation, model: str, version: str | None) -> Release:
        self.check_name(model)
        release = seen.releases.get(seen.control.champion if version is None else version)
        if release is None:
            raise NotFoundError(f"no version {(version or 'champion')[:80]!r} of {model} is loaded")
        return release

    def _asked(self, seen: Situation, call: Call) -> _Asked:
        release = self._release(seen, call.model, call.version)
        content, tail = binary.split(call.body, call.length)
        request = self._requests.decode(content)
        read = given(request, tail, len(release.features))
        if isinstance(read, list) and release.digest != seen.control.champion:
            raise RequestError("keys are answered by the champion; leave the version out, or send features", KEYS)
        return _Asked(release, request, read)

    def _answered(self, seen: Situation, group: Sequence[_Asked]) -> list[Inferred | Exception]:
        """The replies to requests of one kind: by one pass where that can be, else one by one."""
        joint = self._together(seen, group) if len(group) > 1 else None
        share = len(group) if joint else 1
        found: Sequence[Scored | Exception] = joint or [attempt(self._alone, seen, each) for each in group]
        return [
            scored
            if isinstance(scored, Exception)
            else attempt(told, self.application, each.release, each.request, scored, share)
            for each, scored in zip(group, found, strict=True)
        ]

    def _together(self, seen: Situation, group: Sequence[_Asked]) -> list[Scored] | None:
        """What one pass says of all requests; None where one of them needs more than that."""
        digest = group[0].release.digest
        asked = [each.given for each in group if isinstance(each.given, list)]
        if asked:
            return self._predictor.lookups.keys_together(seen, asked)
        matrices = [each.given for each in group if not isinstance(each.given, list)]
        try:
            outputs = self._predictor.lookups.features(seen, digest, _rows(group[0].release, np.concatenate(matrices)))
        except InferenceError:
            return None
        return [Scored(part, digest, ()) for part in parted(outputs, list(map(len, matrices)))]

    def _alone(self, seen: Situation, asked: _Asked) -> Scored:
        """What is said of one request; where the model answers zeros, the numbers that were brought are at fault."""
        if isinstance(asked.given, list):
            return self._predictor.lookups.keys(seen, asked.given)
        release = asked.release
        try:
            return Scored(
                self._predictor.lookups.features(seen, release.digest, _rows(release, asked.given)), release.digest, ()
            )
        except InferenceError as error:
            try:
                self._predictor.lookups.features(
                    seen, release.digest, _rows(release, np.zeros((1, asked.given.shape[1])))
                )
            except InferenceError:
                raise error from None
            raise ContradictionError(f"the model has no answer for these numbers: {error}", FEATURES) from error


def _rows(release: Release, matrix: Matrix) -> Rows:
    return Rows({name: place for place, name in enumerate(release.features)}, matrix)
