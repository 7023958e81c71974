"""The addresses of the demo HIS."""

from __future__ import annotations

from pathlib import Path

from django.urls import path, re_path
from django.views.static import serve

from portal.demo_his import rest, views_station, views_switches, views_ways

STATIC = Path(__file__).parent / "static"

urlpatterns = [
    path("", views_station.index, name="index"),
    path("station/outpatient", views_station.outpatient, name="outpatient"),
    path("station/inpatient", views_station.inpatient, name="inpatient"),
    path("station/inpatient/save", views_station.save, name="save"),
    path("launch", views_station.launch, name="launch"),
    path("launch/by/<slug:name>", views_ways.way, name="way"),
    path("launch/<slug:fault>", views_station.faulty_launch, name="faulty-launch"),
    path("switches", views_switches.show, name="switches"),
    re_path(
        r"^switches/(?P<name>[a-z]+)/(?P<act>on|off)$",
        views_switches.turn,
        name="turn",
    ),
    path("switches/row/<int:row_id>/change", views_switches.change_row, name="change"),
    path("switches/row/<int:row_id>/delete", views_switches.delete_row, name="delete"),
    path("switches/disorder", views_switches.disorder, name="disorder"),
    path("api/yw/contract", rest.contract, name="api-contract"),
    path("api/yw/views/<slug:name>", rest.read, name="api-view"),
    path("api/yw/functions/<slug:name>", rest.call, name="api-function"),
    re_path(r"^static/(?P<path>.+)$", serve, {"document_root": STATIC}, name="static"),
]

handler400 = "portal.demo_his.pages.missing"
handler404 = "portal.demo_his.pages.missing"
handler500 = "portal.demo_his.pages.broken"
