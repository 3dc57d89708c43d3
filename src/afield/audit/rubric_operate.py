"""What earns the points of the ML Test Score's sections on infrastructure and on monitoring."""

from afield.audit.proofs import Proofs
from afield.evaluation.readiness import Earned, earned
from afield.monitoring.drift import Drift
from afield.monitoring.performance import Performance


def infrastructure(proofs: Proofs) -> tuple[Earned, ...]:
    """The seven tests of infrastructure."""
    office, app, release = proofs.office, proofs.office.application.called, proofs.bundle
    plan, module = office.plan, office.application.build.partition(":")[0]
    rebuilt, ran = proofs.noted("rebuild"), proofs.noted("tests")
    specs = proofs.tested([module, f"{office.application.package}.recipes"])
    whole_way = proofs.tested(["afield.build", "afield.build.build"])
    judged = [*proofs.happened("promoted"), *proofs.happened("rejected")]
    golden = (
        [f"{len(release.golden.keys)} golden rows with features and outputs in release {proofs.digest}"]
        if (release and release.golden.keys)
        else []
    )
    groups = plan.assessment.groups
    causes = [f"an answer is told by {', '.join(groups)}: afield explain"] if groups else []
    return (
        earned(
            "infrastructure",
            1,
            half=rebuilt,
            missing=f"a release is rebuilt by hand{proofs.old('rebuild')}" if rebuilt else "no release was built again",
            command="rebuild in a test of the application" if rebuilt else f"afield release verify {app} --rebuild",
        ),
        earned(
            "infrastructure",
            2,
            half=specs,
            whole=[*specs, *ran] if specs and ran else (),
            missing=proofs.not_run if specs else "no test imports the build",
            command=f"afield score {app} --tests" if specs else f"write tests of {module}",
        ),
        earned(
            "infrastructure",
            3,
            half=whole_way,
            whole=[*whole_way, *ran] if whole_way and ran else (),
            missing=proofs.not_run if whole_way else "no test of the application runs afield.build",
            command=f"afield score {app} --tests" if whole_way else "write a test that builds a small release",
        ),
        earned(
            "infrastructure",
            4,
            half=[f"{len(plan.gates)} gates are declared"] if plan.gates else (),
            whole=judged[:1] if plan.gates else (),
            missing="no release was judged here yet",
            command=f"afield build {app}",
        ),
        earned(
            "infrastructure",
            5,
            half=[*golden, *causes][:1],
            whole=[*golden, *causes] if golden and causes else (),
            missing="there are no golden rows yet" if causes else "no groups of features are declared to explain by",
            command=f"afield build {app}" if causes else "declare Assessment.groups",
        ),
        earned(
            "infrastructure",
            6,
            half=proofs.rehearsals("stage", "canary"),
            whole=proofs.happened("stage", "canary"),
            missing="no release has stood a canary in this home",
            command=f"afield serve {app}, and afield release promote {app} R"
            if proofs.rehearsals("stage", "canary")
            else f"afield demo {app}",
        ),
        earned(
            "infrastructure",
            7,
            half=proofs.rehearsals("rolled_back"),
            whole=proofs.happened("rolled_back"),
            missing="no champion was taken back in this home",
            command=f"afield release rollback {app}",
        ),
    )


def monitoring(proofs: Proofs) -> tuple[Earned, ...]:
    """The seven tests of monitoring."""
    office, app, release = proofs.office, proofs.office.application.called, proofs.bundle
    operate, plan = office.operate, office.plan
    locked = [f"release {proofs.digest} records {len(release.manifest.environment)} libraries"] if release else []
    drift = [f"monitor {each.name}" for each in operate.monitoring.monitors if isinstance(each, Drift)]
    quality = [f"monitor {each.name}" for each in operate.monitoring.monitors if isinstance(each, Performance)]
    alerts, rehearsed = proofs.happened("alert"), proofs.rehearsals("alert")
    guards = [f"{len(operate.guards)} guards of outputs are declared"] if operate.guards else []
    drilled, compared = proofs.noted("drill"), proofs.noted("compare")
    trigger = ["a trigger of retraining is declared"] if operate.retraining is not None else []
    trained = [
        f"ledger entry {entry.sequence}: {entry.reason}"
        for entry in reversed(proofs.entries)
        if entry.kind == "build" and "production" in entry.reason
    ]
    measured = proofs.gates("latency", "bytes", "seconds", "milliseconds", "size")
    contracts = [f"contracts of {len(plan.contracts)} tables are kept in every build"] if plan.contracts else []
    reproduced = [f"release {proofs.digest} opens only where its golden features come out the same"] if release else []
    return (
        earned(
            "monitoring",
            1,
            half=locked,
            missing="nobody is told when a library or a source changes",
            command=f"afield release verify {app} --rebuild on a schedule" if locked else f"afield build {app}",
        ),
        earned(
            "monitoring",
            2,
            half=[*contracts, *drift],
            whole=[*contracts, *drift, *alerts] if drift and alerts else (),
            missing="no monitor of inputs has raised an alert in this home: it is not seen at work"
            if drift
            else "no monitor watches the inputs",
            command=f"afield serve {app}" if drift else "declare a Drift monitor",
        ),
        earned(
            "monitoring",
            3,
            half=proofs.noted("check"),
            whole=reproduced,
            missing="no release has golden rows here",
            command=f"afield build {app}",
        ),
        earned(
            "monitoring",
            4,
            half=trigger,
            whole=[*trigger, *trained[:1]] if trigger and trained else (),
            missing="no release was trained on what the service collected"
            if trigger
            else "nothing triggers retraining",
            command=f"afield build {app} --production" if trigger else "declare Operate.retraining",
        ),
        earned(
            "monitoring",
            5,
            half=guards,
            whole=[*guards, *drilled] if guards and drilled else (),
            missing=f"no drill has passed with this code{proofs.old('drill')}" if guards else "no guard is declared",
            command=f"afield drill {app}" if guards else "declare Operate.guards",
        ),
        earned(
            "monitoring",
            6,
            half=compared,
            whole=measured,
            missing=f"latency and memory are measured by hand, and no gate limits them{proofs.old('compare')}",
            command="a gate AtMost on a measured latency" if compared else f"afield compare {app}",
        ),
        earned(
            "monitoring",
            7,
            half=rehearsed[:1] if quality and rehearsed else quality,
            whole=[*quality, *alerts] if quality and alerts else (),
            missing="no alert in this home shows the monitor at work" if quality else "nothing watches the error",
            command=f"afield serve {app}" if quality else "declare a Performance monitor",
        ),
    )
