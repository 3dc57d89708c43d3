"""Mitigation: what stands between a mistake and the person it would hurt.

Guards bound what a model may say, overrides set a result by hand, modes take the model out of the
decision, and the fallback chain answers when nothing else can.
"""
