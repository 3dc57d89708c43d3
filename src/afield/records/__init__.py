"""What crosses from one stage to the next: one file of frozen records per hand-off.

`facts` → features and serving; `traffic` → telemetry and outcomes; `evidence` → monitoring and gates;
`requirements` and `examination` → the card; `release` → the bundle; `decision` → the ledger.
"""
