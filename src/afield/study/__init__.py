"""What a person looks into before they build: options side by side, backtests, what features are worth, reuse."""
