"""Scripts a DBA of the HIS can read and run: views, functions, log and grants.

On the other side: the vendor's database, one of five engines. Written from the contract
and a mapping; may be run again and again.
"""
