"""What comes from files: the catalogue's seed, and the sheets hospitals bring."""

from surgery.importers.seed import load_seed_procedures

__all__ = ["load_seed_procedures"]
