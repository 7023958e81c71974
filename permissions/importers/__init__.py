"""What comes from files: the catalogue's seed, and grants by sheet."""

from permissions.importers.seed import SeedInvalid, load_catalogue, seed_entries

__all__ = ["SeedInvalid", "load_catalogue", "seed_entries"]
