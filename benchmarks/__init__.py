"""Scenarios that are measured, each writing a CSV under docs/benchmarks/ that names hardware and versions."""
