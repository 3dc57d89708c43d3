"""Testing: faults for drills, and a small complete application, for Afield's tests and for others'."""
