"""A release compiled into a product or taken elsewhere, and a model that was trained elsewhere brought in."""
