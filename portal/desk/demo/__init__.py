"""``make demo``: the portal, a demo HIS, a worker, a beat and Redis on one machine.

Nothing here is part of a hospital's installation. What it prints is for the person at
this terminal and is Chinese only.
"""
