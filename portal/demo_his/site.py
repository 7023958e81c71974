"""The one running demo HIS of this process: its databases, key, portal and switches."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.demo_his.database import Database
from portal.demo_his.proxy import Proxy
from portal.demo_his.switches import FileWay, Way, WireWay


@dataclass
class Site:
    """``database`` is the administrator's way in, ``front`` the one of the stations.

    With a proxy they differ: the stations suffer the faults as the portal does.
    """

    database: Database
    front: Database
    way: Way
    portal_url: str
    app: str
    key: str = field(repr=False)
    api_key: str = field(default="", repr=False)  # of the REST interface; none: closed
    last_launch: str = field(default="", repr=False)  # for showing a replay


class NoSite(Exception):
    """A page was asked before the program set the site up."""


_sites: list[Site] = []


def use(site: Site) -> None:
    """From now on, every page belongs to this one."""
    _sites[:] = [site]


def current() -> Site:
    if not _sites:
        raise NoSite
    return _sites[0]


def open_site(
    database: Database,
    *,
    portal_url: str,
    app: str,
    key: str,
    proxy_port: int | None,
    api_key: str = "",
) -> Site:
    """Starts the proxy where a port is given for it and the database has a wire."""
    names = (portal_url.rstrip("/"), app, key, api_key)
    if database.is_sqlite:
        return Site(database, database, FileWay(database), *names)
    if proxy_port is None:
        return Site(database, database, WireWay(None), *names)
    url = database.url
    proxy = Proxy((url.host or "127.0.0.1", url.port or 5432), proxy_port)
    near = url.set(host="127.0.0.1", port=proxy.port)
    front = Database(near.render_as_string(hide_password=False))
    return Site(database, front, WireWay(proxy), *names)
