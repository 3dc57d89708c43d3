"""What `afield compare` does: finds the options that were named, and the rows that they are fairly judged on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from afield.control.office import Office
from afield.data.split import enough
from afield.errors import DataError, UsageError
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.release.layout import model_name
from afield.release.registry import named as named_release
from afield.study.compared import Compared
from afield.study.comparing import compare, fitted, released
from afield.study.contenders import Contender, check_pair, every, named
from afield.study.field import Field, Terms
from afield.study.learning import labelled
from afield.wording import metric_name
from afield.workshop.code import code_digest
from afield.workshop.evaluating import read_slices
from afield.workshop.facts import Facts
from afield.workshop.plan import SEED
from afield.workshop.results import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes:
        names: two options, or none for all of the build.
        data: folder or file of data, or None for the generated default.
        rows: most rows to learn from.
        within: how close to the best the data needed have to bring an option.
        slice: the test rows that are looked at.
        start, end: for releases: judge on this window, seen or not; None: on what neither has seen.
        command: what was typed.
    """

    names: Sequence[str]
    data: Path | None
    rows: int
    within: float
    slice: str
    start: datetime | None = None
    end: datetime | None = None
    command: str = ""


def comparison(office: Office, asked: Asked) -> Compared:
    """The options side by side.

    Raises:
        UsageError: something is named that is not there, or does not fit.
        DataError: the data are too short to learn and to judge on.
    """
    if asked.rows < 1 or not 0 <= asked.within < 1:
        raise UsageError(f"--rows {asked.rows} --within {asked.within:g}: give at least 1 row, and a share in [0, 1)")
    contenders = _contenders(office, asked.names)
    bench, plan = office.bench(), office.plan
    facts = bench.read(plan, asked.data)
    windows = bench.windows(plan, facts, None)
    enough(windows.training, plan.features.lookback)
    examples = bench.examples(plan, facts, windows)
    if contenders[0].kind == "release":
        return _of_releases(office, contenders, facts, windows, examples, asked)
    if asked.start or asked.end:
        raise UsageError("--from and --to are for releases; recipes are judged on the test window of the data")
    early = labelled(examples, plan.features.origin, windows.training)
    slices = plan.slices(early)
    field = field_of(office, asked, facts, examples, windows.test, slices=slices, learned=windows)
    terms = _terms(office, asked, contenders[0].name)
    return compare(field, [fitted(field, each, terms) for each in contenders], terms)


def _provenance(office: Office, command: str, facts: Facts, release: str = "") -> Provenance:
    """How to make the numbers again."""
    code = code_digest(office.application.package)
    return Provenance(command, {"facts": facts.summary.fingerprint}, code, release, SEED)


def _contenders(office: Office, names: Sequence[str]) -> tuple[Contender, ...]:
    if not names:
        return every(office.plan)
    if len(names) != 2:
        raise UsageError(f"{len(names)} options are named ({', '.join(names)}); name two, or none for all of the build")
    called, bundles = office.application.called, office.home.bundles
    first, second = (named(office.plan, name, lambda text: named_release(bundles, text, called)) for name in names)
    check_pair(first, second)
    return first, second


def field_of(
    office: Office,
    asked: Asked,
    facts: Facts,
    examples: Path,
    test: Window,
    *,
    slices: Mapping[str, tuple[int, ...]] | None = None,
    learned: Windows | None = None,
    release: str = "",
) -> Field:
    """Where options are compared: on the rows of `test`, learning from the stretches of `learned` where there are any.

    Args:
        office: the application, opened.
        asked: what was asked for.
        facts: what was read.
        examples: folder of examples made of it.
        test: everything is judged on rows of this stretch.
        slices: name → spine keys.
        learned: the stretches that recipes learn from; None: nothing is fitted.
        release: digests of the releases that are compared.
    """
    return Field(
        application=office.application.name,
        plan=office.plan,
        settings=dict(office.application.options),
        examples=examples,
        training=learned.training if learned else None,
        held=learned.validation if learned else None,
        test=test,
        slices=slices or {},
        steps=office.bench().steps,
        data=facts.summary.name,
        generated=facts.summary.generated,
        provenance=_provenance(office, asked.command, facts, release),
        tell=office.tell,
    )


def _terms(office: Office, asked: Asked, reference: str) -> Terms:
    words = office.application.words

    def called(metric: str) -> str:
        return metric_name(metric, words)

    return Terms(rows=asked.rows, within=asked.within, slice=asked.slice, reference=reference, called=called)


def _of_releases(
    office: Office, contenders: Sequence[Contender], facts: Facts, windows: Windows, examples: Path, asked: Asked
) -> Compared:
    """Two releases on the rows that neither of them was fitted on, or on the window that was asked for."""
    bundles = [office.shelf.bundle(each.release) for each in contenders]
    ends = [bundle.manifest.windows["whole"][1] for bundle in bundles]
    start, end = asked.start or max(ends), asked.end or windows.whole.end
    if start >= end:
        seen = ", ".join(f"{each.name} until {last}" for each, last in zip(contenders, ends, strict=True))
        raise DataError(
            f"the data end at {windows.whole.end}, and the releases were fitted on data up to that ({seen}): there is "
            "nothing that neither has seen. Give later data with --data, build one with an earlier --until, or name a "
            "window with --from and --to, where the one that has seen it has an advantage"
        )
    seen_by = [each.name for each, last in zip(contenders, ends, strict=True) if last > start]
    warnings = [f"{name} was fitted on rows of this window, so it looks better than it is" for name in seen_by]
    parts = [office.shelf.release(each.release).parts for each in contenders]
    slices = read_slices(bundles[0].read("tables/slices.arrow"))
    digests = " ".join(each.release for each in contenders)
    field = field_of(office, asked, facts, examples, Window(start, end), slices=slices, release=digests)
    size = [
        sum(file.size for file in bundle.manifest.files if file.name == model_name(office.plan.part))
        for bundle in bundles
    ]
    ready = [
        released(each, own, office.operate.infer, office.plan.part, bytes_)
        for each, own, bytes_ in zip(contenders, parts, size, strict=True)
    ]
    return compare(field, ready, _terms(office, asked, contenders[0].name), warnings)
