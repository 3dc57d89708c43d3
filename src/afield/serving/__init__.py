"""Serving: one inference path, the designs that host it, and the service that speaks for it. Read in this order.

    the path        product · inference · releases · model · situation · memory · fleet · calling · guarding ·
                    scoring · draft · predictor · deciding · naming · joint · lookups · observing · updates · ticker
    the designs     designs · basis · complaint · kept · valkey · flights · cached · recalled · hybrid · levels ·
                    static
    the service     http · routing · access · tokens · service · apart · asking · batches · idempotency · questions ·
                    ingestion · bundles · publishing · ranges · pages · inspection · health · metrics · counters ·
                    journal · otlp · reading · schemas · openapi
    version 2       messages · tensors · binary · inputs · outputs · protocol · tally · v2
    the transport   wire · incoming · heads · pending · lane · desk · server · crew · scaling · config · launch

What it needs of other stages comes in as an argument.
"""
