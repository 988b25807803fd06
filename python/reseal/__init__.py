"""Reseal: the state of a service outlives the enclave instance that holds it."""
