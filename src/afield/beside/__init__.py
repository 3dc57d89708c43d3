"""Telemetry and outcomes beside a service that Afield does not run: CloudEvents in, the same spool, tables, monitors.

Read in this order: events · payloads · inbox · pace · endpoint · watching.
"""
