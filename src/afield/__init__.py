"""Afield: keep the model of a running product right, on the evidence of production.

The life of a model is two loops that touch at two records, the release and the alert. Read in this order:

    the ground
        records         what crosses from one stage to the next, one file of frozen records per hand-off
        errors          every failure, as a tree
        clock           time as an argument, real or simulated
        statistics      losses, weighted estimates, bootstrap, confidence sequences, sequential tests, power
        store           artifacts by digest, Delta tables, the ledger, build steps, snapshots
        engine          a function mapped over partitions: here, or on a Ray cluster

    build
        data            what a row is; quarantine with reasons; windows without leakage
        labelling       what people say is true, and how far to believe it
        features        one definition for training and for serving
        training        recipe, examples and seed give a model
        evaluation      is it better, for whom, than what
        release         everything needed to serve it, check it and explain it, signed

    operate
        placement       where should the model live: the designs simulated side by side
        serving         the one inference path and the service around it
        telemetry       what was predicted; what came true, late
        monitoring      estimates from production, with honest intervals, and alarms
        selection       which production rows to label, with what probability
        retraining      when to learn again
        rollout         shadow, canary, live; or back
        mitigation      guards, overrides, modes, fallbacks

    the whole
        application     an application as a value, in parts that each verb loads for itself
        build           the build loop, in order
        workshop        what the build loop calls, each step done once per content
        operate         the operate loop, in order
        tabular         an application whose rows bring their own columns, from one declaration
        beside          telemetry and outcomes of a service that Afield does not run: CloudEvents in
        control         the control plane: history, ticks, measuring, deciding
        curation        data and labels looked after between builds: catalogue, differences, repairs, suspects
        custody         what is kept of traffic and people: its completeness, its cost, for how long; erasure
        study           options side by side, backtests, what features are worth, a model taken elsewhere
        exchange        a release compiled or taken elsewhere, and a model that comes from elsewhere
        audit           what an application can show of itself: checks, traces, rebuilds, the ML Test Score
        answering       the inference path assembled, for workers and the supervisor
        compiled        a release compiled into a product, opened
        hosting         client, hybrid and the service asked as hosts, alike
        device          a design without a supervisor as a service on this machine
        worker          the process that answers
        client          the application on a device: fetches releases and facts, answers offline
        sharing         one service on hosts that share no folder: through an object store
        home            where everything of an application lives
        replay          recorded or generated traffic, played through a running service
        live            generated traffic beside a service, at wall-clock time
        demo            both loops on one stretch of traffic, ending in a report
        drills          faults put into a service that a drill started, and what was seen
        wording         numbers, times and names as a reader expects them
        reporting       what a run of both loops came to
        testing         conformance suites and faults, for applications too
        commands        one module per verb
        cli             the command line
        __main__        `python -m afield`

A stage imports only the ground; only the whole imports stages; nothing imports an application.
"""

import os

# ONNX Runtime keeps an id of the device and tells its maker what it runs, unless this stands before it is imported.
os.putenv("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
