"""What a row is: sources, contracts, cleaning into quarantine with reasons, windows without leakage."""
