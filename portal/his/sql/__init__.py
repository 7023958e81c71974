"""The SQL transport: HIS databases through SQLAlchemy Core, never an ORM.

On the other side: the views and functions of ``portal.his.contract`` in the database
of the hospital. What differs between engines stands in one small file each.
"""
