"""What `build` calls, in its order: facts, examples, fitting, scoring, bundling; each done once per content key."""
