"""我的权限: a doctor's own privileges, as a station opens them."""
