"""What has to last: artifacts by digest, Delta tables, the ledger, build steps and published snapshots."""
