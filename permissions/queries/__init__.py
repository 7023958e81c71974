"""Reads of the catalogue, the proposals and the ledger."""
