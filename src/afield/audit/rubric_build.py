"""What earns the points of the ML Test Score's sections on data and on the model."""

from afield.audit.proofs import Proofs
from afield.evaluation.readiness import Earned, earned
from afield.training.recipes import Tuned


def data(proofs: Proofs) -> tuple[Earned, ...]:
    """The seven tests of features and data."""
    office, app, release = proofs.office, proofs.office.application.called, proofs.bundle
    plan, checked, weighed = office.plan, proofs.noted("check"), proofs.noted("features")
    contracts = [f"contracts of {', '.join(each.table for each in plan.contracts)}"] if plan.contracts else []
    kept = [f"every build reads by them; release {proofs.digest} was built so"] if contracts and release else []
    private = [f"{name}.{column}" for name, table in plan.tables.items() for column in table.private]
    hashed = [f"kept only as keyed hashes: {', '.join(private)}"] if private else []
    sets = proofs.feature_sets
    modules = proofs.feature_modules
    tests, ran = proofs.tested(modules), proofs.noted("tests")
    lost = proofs.old
    return (
        earned(
            "data",
            1,
            half=contracts,
            whole=[*contracts, *kept] if kept else (),
            missing="a release that was built under the contracts" if contracts else "no contract is declared",
            command=f"afield build {app}" if contracts else "declare Build.contracts",
        ),
        earned(
            "data",
            2,
            half=weighed,
            missing=f"nothing refuses a release whose features stopped helping{lost('features')}",
            command="a gate on what a group adds" if weighed else f"afield features {app}",
        ),
        earned(
            "data",
            3,
            half=weighed,
            missing=f"what a feature costs is measured by hand, and not limited{lost('features')}",
            command="a gate on the cost of the tick" if weighed else f"afield features {app}",
        ),
        earned(
            "data",
            4,
            half=checked,
            whole=[*checked, *ran] if checked and ran and _checks_itself(proofs) else (),
            missing=f"the check is run by hand; the application's own tests do not run it{lost('check')}",
            command="a test that runs `afield check`" if checked else f"afield check {app}",
        ),
        earned(
            "data",
            5,
            half=hashed,
            whole=[*hashed, f"release {proofs.digest}"] if hashed and release else (),
            missing="a release built from hashed tables" if hashed else "no column is declared private",
            command=f"afield build {app}" if hashed else "name private columns in Table.private",
        ),
        earned(
            "data",
            6,
            half=[f"releases with {len(sets)} feature contracts lie here"] if len(sets) > 1 else (),
            missing="how long it takes from a new feature to a release is not recorded",
            command="add a feature and build again; write down how long it took",
        ),
        earned(
            "data",
            7,
            half=tests,
            whole=[*tests, *ran] if tests and ran else (),
            missing=proofs.not_run if tests else "no test imports the features",
            command=f"afield score {app} --tests" if tests else f"write tests of {', '.join(modules)}",
        ),
    )


def model(proofs: Proofs) -> tuple[Earned, ...]:
    """The seven tests of model development."""
    office, app = proofs.office, proofs.office.application.called
    plan, asked = office.plan, office.plan.assessment
    commit, reviewed = proofs.commit("--format=%h %s"), proofs.commit("--format=%h %s", "--grep=^Reviewed-by:")
    submitted = [f"commit {commit}"] if commit else []
    climbed = proofs.happened("promoted") if proofs.happened("stage", "canary") else []
    tuned = [each.name for each in plan.recipes if isinstance(each, Tuned)]
    chosen = [f"{len(plan.recipes)} recipes are tried in every build"] if len(plan.recipes) > 1 else []
    backtest, simpler = proofs.noted("backtest"), proofs.gates("simplest")
    sliced = [line[8:] for line in proofs.card.splitlines() if line.startswith("## Only ")]
    shown = [f"card of release {proofs.digest}: slices {', '.join(sliced)}"] if sliced else []
    gates = [each for each in (getattr(gate, "slice", "all") for gate in plan.gates) if each != "all"]
    groups = [f"groups are told apart by {', '.join(asked.attributes)}"] if asked.attributes else []
    fair = proofs.gates("fairness: ") if asked.fair else []
    return (
        earned(
            "model",
            1,
            half=submitted,
            whole=[f"reviewed: commit {reviewed}"] if reviewed else (),
            missing="no commit of the application says who reviewed it" if commit else "it is in no repository",
            command="end commits with `Reviewed-by:`" if commit else "git init, and commit the application",
        ),
        earned(
            "model",
            2,
            half=[*proofs.rehearsals("promoted")][:1] if proofs.rehearsals("stage", "canary") else climbed,
            missing="a correlation needs three releases or more that were judged both offline and in production",
            command=f"afield serve {app}, and three updates" if climbed else f"afield demo {app}",
        ),
        earned(
            "model",
            3,
            half=chosen,
            whole=[f"searched for in every build: {', '.join(tuned)}"] if tuned and proofs.bundle else (),
            missing="no recipe of the build searches for its settings",
            command="wrap a recipe in Tuned",
        ),
        earned(
            "model",
            4,
            half=backtest,
            missing=f"it is measured by hand{proofs.old('backtest')}" if backtest else "it is not measured",
            command="run the backtest on a schedule" if backtest else f"afield backtest {app}",
        ),
        earned(
            "model",
            5,
            half=proofs.noted("compare"),
            whole=simpler,
            missing=f"no release passed the gate against the simplest recipe{proofs.old('compare')}",
            command=f"afield build {app}",
        ),
        earned(
            "model",
            6,
            half=shown,
            whole=[*shown, f"gates on {', '.join(gates)}"] if shown and gates else (),
            missing="slices are shown, and no gate is on one" if shown else "no release tells its slices",
            command="give a gate a slice" if shown else f"declare Build.slices; afield build {app}",
        ),
        earned(
            "model",
            7,
            half=groups,
            whole=fair,
            missing="no gate held the groups of these data against each other"
            if groups
            else "no groups of people are told apart",
            command=f"afield build {app} on data that know the groups"
            if asked.fair
            else "declare Assessment.attributes and Assessment.fair",
        ),
    )


def _checks_itself(proofs: Proofs) -> bool:
    """Whether the application's own tests run `afield check`."""
    return bool(proofs.tested(["afield.commands.check", "afield.commands.check.checks"]))
