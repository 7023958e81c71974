"""Which of a vendor's tables and columns the contract's views are made of.

On the other side: the vendor's own database. One TOML file per HIS; the demo HIS' is
``demo_his.toml``, a typical vendor's ``typical_his.toml``.
"""
