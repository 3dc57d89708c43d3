"""Every drill that any application may name, by name."""

from collections.abc import Mapping

from afield.drills import asking, learning, model, people, state, updates, world
from afield.drills.seen import Drill

DRILLS: Mapping[str, Drill] = {
    "model-outage": Drill(
        "the model raises on every call",
        "none of the {asked} fails; all are marked as fallback while it is broken, none before and after",
        model.outage,
    ),
    "nan-outputs": Drill(
        "the model answers NaN on every call",
        "none of the {asked} fails; all are marked as fallback while it does, none before and after",
        model.nan_outputs,
    ),
    "wild-outputs": Drill(
        "the model answers −10¹² on every call",
        "none of the {asked} fails; each says which guard or fallback acted, and no such number goes out",
        model.wild_outputs,
    ),
    "slow-model": Drill(
        f"each call of the model takes {model.SLOW} s, and {model.CLIENTS} clients ask at once",
        f"each of the {{asked}} is answered, or refused with 503 within its {model.WITHIN:g} s; then all is well",
        model.slow,
    ),
    "stale-facts": Drill(
        "time passes and no facts arrive",
        "none of the {asked} fails; all are marked as fallback while facts are old, none before and after",
        asking.stale_facts,
    ),
    "clock-jump": Drill(
        "the clocks of clients, and of whoever sends facts, are a year back; those of others a year ahead",
        "each is refused with 4xx or says what acted; {asked} by the right clock are answered after that",
        asking.clock_jump,
    ),
    "flood": Drill(
        f"{asking.CLIENTS} clients ask at once",
        "each of the {asked} is answered, or refused with 429 or 503; then all is well",
        asking.flood,
    ),
    "bad-input": Drill(
        "bodies that are no request: empty, no JSON, too deep, fields that are missing, unknown or of another kind",
        "each is refused with 4xx and an error in words; good {asked} are answered after that",
        asking.bad_input,
    ),
    "disk-full": Drill(
        "the disk takes nothing of what the worker writes",
        "none of the {asked} fails; what could not be recorded is counted as dropped, and the counts add up",
        state.disk_full,
    ),
    "ledger-gone": Drill(
        "the ledger is away",
        "none of the {asked} fails or is marked; the service says so, and follows the ledger once it is back",
        state.ledger_gone,
    ),
    "cache-gone": Drill(
        "the cached design, and nobody answers at its cache",
        "none of the {asked} fails or is marked: the model answers",
        state.cache_gone,
    ),
    "worker-killed": Drill(
        "kill -9 of the worker",
        "another answers; no answer that was given is missing from the record or twice in it",
        state.worker_killed,
    ),
    "supervisor-killed": Drill(
        "kill -9 of the supervisor",
        "workers go on answering, another supervisor takes over, and the record holds every answer once",
        state.supervisor_killed,
    ),
    "corrupt-release": Drill(
        "a release is put live of which one byte was changed on the disk",
        "none of the {asked} fails or is answered by it; the service says why",
        updates.corrupt_release,
    ),
    "rollback": Drill(
        "a release is put live and taken back",
        f"the old release answers again within {updates.AT_ONCE:g} s",
        updates.rollback,
    ),
    "worse-candidate": Drill(
        "a candidate answers upside down: low where the live release says high, over the rows of its test window",
        "the ladder sends it back from shadow and from probation as worse; one that answers the same it does not",
        learning.worse_candidate,
    ),
    "poisoned-labels": Drill(
        "every second label of what is trained on says the lowest there is",
        "a gate refuses the candidate that comes of it",
        learning.poisoned_labels,
    ),
    "mode-off": Drill(
        "a person switches the model off for all",
        f"answers are neutral and say so within {people.AT_ONCE:g} s, and are the model's again once it is on",
        people.mode_off,
    ),
    "override": Drill(
        "a person sets by hand what people feel",
        f"every answer carries it and says so within {people.AT_ONCE:g} s, until it is lifted",
        people.override,
    ),
    "privacy": Drill(
        "somebody asks whose name is told",
        "no file that the service leaves holds the name",
        people.privacy,
    ),
    "world-changes": Drill(
        "what was common becomes rare: outcomes and watched features are mirrored in their range, predictions stay",
        "a monitor raises an alert by its name; over the same rows as they were, none does",
        world.changes,
    ),
}
