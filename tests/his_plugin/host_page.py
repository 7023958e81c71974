"""A host page of another origin that embeds our field group, as a station would."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

from tests.his_plugin.station import signed

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>手术申请单</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="{portal}/static/ui/embed.css">
<link rel="stylesheet" href="/host.css"></head>
<body><main><h1>手术申请单</h1><form method="post" action="/save" id="sheet">
<p><label>拟行手术 <select name="procedure"><option value=""></option>
<option value="51.2300">腹腔镜下胆囊切除术</option>
<option value="50.2205">腹腔镜下肝部分切除术</option></select></label>
<label>附加手术 <select name="procedure2"><option value=""></option>
<option value="50.2205">腹腔镜下肝部分切除术</option></select></label></p>
<p><label>主刀医生 <select name="surgeon"><option value="1188">罗景文</option>
<option value="4711">查无此人</option></select></label>
<label>第一助手 <input name="assistant" value="{assistant}"></label>
<label>手术时间 <input name="planned_at" value="{planned}"></label></p>
{field}
<button name="act" value="keep" formnovalidate>暂存</button>
<button name="act" value="submit" id="submit">提交</button>
</form></main><script src="/host.js"></script>
{script}</body></html>"""
# One script for all; where it is asked for decides what the group is.
SCRIPT_TAG = '<script src="{portal}/static/his_plugin/field.js" defer></script>'
ATTRIBUTES = """data-yw-launch="{launch}" data-yw-application="SS26112301"
 data-yw-surgeon="surgeon" data-yw-procedures="procedure,procedure2"
 data-yw-planned-at="planned_at" data-yw-assistants="assistant" data-yw-choose"""
LINK = '<a href="{page}" target="_blank">打开手术申请核对页</a>'
KINDS = {
    "div": f'<div id="yw-field" {ATTRIBUTES}></div>',
    "element": f"""<yw-surgery-field id="yw-field" {ATTRIBUTES}>{LINK}
</yw-surgery-field>""",
    "frame": """<iframe id="yw-frame" title="手术申请核对" width="1300" height="400"
 src="{page}"></iframe>""",
}
CSS = "body{font:12px/16px sans-serif;margin:8px}h1{font-size:14px}"
SCRIPT = """window.heard = [];
(function () {
  var field = document.getElementById("yw-field"), frame = document.getElementById("yw-frame");
  var sheet = document.getElementById("sheet");
  function ask() {
    frame.contentWindow.postMessage({
      type: "yw-question", application_no: "SS26112301", surgeon: sheet.surgeon.value,
      procedures: [sheet.procedure.value, sheet.procedure2.value],
      planned_at: sheet.planned_at.value
    }, new URL(frame.src).origin);
  }
  if (field) {
    field.addEventListener("yw-verdict", function (event) {
      window.heard.push([event.detail.code, event.detail.letsThrough]);
    });
    field.addEventListener("yw-choose", function (event) { window.chosen = event.detail; });
  }
  if (frame) {
    window.addEventListener("message", function (event) {
      if (event.source !== frame.contentWindow || event.origin !== new URL(frame.src).origin) { return; }
      window.heard.push(event.data);
      if (event.data.type === "yw-ready") { ask(); }
      if (event.data.type === "yw-size") { frame.height = event.data.height; }
    });
    sheet.addEventListener("change", ask);
    document.getElementById("submit").addEventListener("click", function (event) {
      event.preventDefault();
      frame.contentWindow.postMessage({ type: "yw-submit" }, new URL(frame.src).origin);
    });
  }
}());"""


@dataclass
class Host:
    """The station's server: what it serves, and what was posted to it."""

    url: str
    portal: str
    planned: str = "2026-11-25T08:30"
    launch: dict[str, str] | None = None
    saved: list[dict[str, str]] = field(default_factory=list)
    kind: str = "div"
    assistant: str = ""
    css: str = CSS

    def another_launch(self) -> str:
        return urlencode(self.launch or signed(page="field"))

    def page_address(self) -> str:
        """Of the portal's own page, for one visit."""
        more = "application_no=SS26112301"
        return f"{self.portal}/plugin/field/?{self.another_launch()}&{more}"

    def page(self) -> str:
        has_script = self.kind != "frame"
        return PAGE.format(
            portal=self.portal,
            planned=self.planned,
            assistant=self.assistant,
            field=KINDS[self.kind].format(
                launch=escape(self.another_launch()), page=escape(self.page_address())
            ),
            script=SCRIPT_TAG.format(portal=self.portal) if has_script else "",
        )


class _Handler(BaseHTTPRequestHandler):
    host: Host

    def do_GET(self) -> None:
        if self.path == "/host.css":
            self._send(self.host.css, "text/css")
        elif self.path == "/host.js":
            self._send(SCRIPT, "text/javascript")
        else:
            self._send(self.host.page(), "text/html")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        given = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
        self.host.saved.append({name: values[0] for name, values in given.items()})
        self._send("<!doctype html><title>saved</title><p>已保存</p>", "text/html")

    def _send(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that does not like a certificate goes away; that is no news."""


@contextmanager
def station_server(
    portal: str, *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Host]:
    """On a free port of the loopback: another origin than the portal's."""
    handler = type("Handler", (_Handler,), {})
    server = _Server((address, 0), handler)
    scheme = "http"
    if tls:
        scheme = "https"
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    host = Host(f"{scheme}://{address}:{server.server_port}", portal)
    handler.host = host  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
