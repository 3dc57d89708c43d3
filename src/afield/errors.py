"""Every failure that Afield raises on purpose.

    AfieldError
    ├── UsageError            the caller asked for something that does not exist or does not fit
    ├── DataError             a source, file, row or field is not what it must be
    │   └── ContractError     rows or tables break their declared contract
    ├── LabellingError        labels mean nothing, contradict each other or cannot be compared
    ├── FeatureError          features peek, differ between batch and serving, or cannot be made
    ├── TrainingError         a recipe could not be fitted or exported
    ├── EvaluationError       a metric or comparison has no meaning on these rows
    ├── ReleaseError          a bundle is incomplete, changed, unsigned, older, or does not reproduce
    ├── StoreError            an artifact, table or ledger cannot be read or written
    │   ├── ConflictError     somebody else committed first; nothing of this batch was lost
    │   ├── LeaseError        another controller leads the application now
    │   └── AbsentError       an object store has no object of this key
    ├── EngineError           a partition failed, or the processes or the cluster that computed it were lost
    ├── ServingError          the service cannot start or publish
    │   ├── RequestError      a request is malformed; carries the field
    │   │   ├── UnknownKeyError       it asks about something that nothing is known of
    │   │   └── ContradictionError    it contradicts itself, or the moment at which the service stands
    │   ├── InferenceError    the model did not answer, or answered nonsense
    │   └── UnreachableError  a service upstream did not answer, or not in full
    │       └── RefusedError          it answered, and does not have what was asked for; carries the status
    ├── TelemetryError        the spool cannot accept or deliver
    ├── MonitoringError       a monitor was used before it was fitted, or on the wrong columns
    ├── SelectionError        scores, shares or labels of a selected sample mean nothing
    └── RolloutError          a step of the ladder that its state does not allow

A message says what is wrong, where (file, row, field), and what to do next. Only transports know HTTP.
"""


class AfieldError(Exception):
    """Root of every deliberate failure."""


class UsageError(AfieldError):
    """The caller asked for something that does not exist or does not fit."""


class DataError(AfieldError):
    """A source, file, row or field is not what it must be."""


class ContractError(DataError):
    """Rows or tables break their declared contract."""


class LabellingError(AfieldError):
    """Labels mean nothing, contradict each other or cannot be compared."""


class FeatureError(AfieldError):
    """Features peek, differ between batch and serving, or cannot be made."""


class TrainingError(AfieldError):
    """A recipe could not be fitted or exported."""


class EvaluationError(AfieldError):
    """A metric or comparison has no meaning on these rows."""


class ReleaseError(AfieldError):
    """A bundle is incomplete, changed, unsigned, older than one already seen, or does not reproduce."""


class StoreError(AfieldError):
    """An artifact, table or ledger cannot be read or written."""


class ConflictError(StoreError):
    """Somebody else committed first; nothing of this batch was lost."""


class LeaseError(StoreError):
    """Another controller leads the application now; nothing was appended."""


class AbsentError(StoreError):
    """An object store has no object of this key."""


class EngineError(AfieldError):
    """A partition failed, or the processes or the cluster that computed it were lost."""


class ServingError(AfieldError):
    """The service cannot start or publish."""


class RequestError(ServingError):
    """A request is malformed.

    Attributes:
        field: the field that is wrong, or "" for the whole body.
    """

    def __init__(self, message: str, field: str = "") -> None:
        """Keep the message and the field that is wrong."""
        super().__init__(message)
        self.field = field


class UnknownKeyError(RequestError):
    """A request asks about something that nothing is known of."""


class ContradictionError(RequestError):
    """A request contradicts itself, or the moment at which the service stands."""


class InferenceError(ServingError):
    """The model did not answer, or answered nonsense."""


class UnreachableError(ServingError):
    """The service upstream did not answer, or not in full; what was held stays in use."""


class RefusedError(UnreachableError):
    """The service upstream answered, and does not have what was asked for.

    Attributes:
        status: of its reply.
    """

    def __init__(self, message: str, status: int) -> None:
        """Say why, with the status."""
        super().__init__(message)
        self.status = status


class TelemetryError(AfieldError):
    """The spool cannot accept or deliver."""


class MonitoringError(AfieldError):
    """A monitor was used before it was fitted, or on the wrong columns."""


class SelectionError(AfieldError):
    """Scores, shares or labels of a selected sample mean nothing."""


class RolloutError(AfieldError):
    """A step of the ladder that its state does not allow."""
