"""The launch signature (domain 9.2): how a station proves who opened us.

``sign`` is the lower-case hex of HMAC-SHA256 with the app's key over ``k=v&k=v…``:
all parameters but ``sign``, sorted by name, UTF-8, RFC 3986 percent-encoding.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

TIMESTAMP_FORMAT = "%Y%m%d%H%M%S"  # local time at Asia/Shanghai

PARAMETERS = {
    "app": "接入方编号",
    "u": "登录医师工号",
    "n": "医师姓名",
    "d": "科室编码",
    "pid": "病人ID",
    "vid": "就诊ID或主页ID",
    "st": "工作站：MZ 门诊，ZY 住院",
    "page": "打开的页面",
    "ts": "时间 yyyyMMddHHmmss",
    "nonce": "一次性随机数，16 位以上十六进制",
    "sign": "签名",
}
REQUIRED = ("app", "u", "d", "st", "ts", "nonce", "sign")
STATIONS = {"MZ": "门诊医生站", "ZY": "住院医生站"}

# Test vector printed in the interface specification; tests hold us to it.
VECTOR_KEY = "test-key-0001"
VECTOR_PARAMETERS = {
    "app": "YW",
    "u": "1027",
    "n": "陈景行",
    "d": "0401",
    "pid": "P0001",
    "vid": "V0001",
    "st": "ZY",
    "page": "my",
    "ts": "20261123101800",
    "nonce": "0123456789abcdef",
}


def signing_text(parameters: Mapping[str, str]) -> str:
    """The exact text that is signed."""
    return "&".join(
        f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}"
        for name, value in sorted(parameters.items())
        if name != "sign"
    )


def sign(parameters: Mapping[str, str], key: str) -> str:
    """Lower-case hex of the HMAC-SHA256 of the signing text."""
    return hmac.new(
        key.encode(), signing_text(parameters).encode(), hashlib.sha256
    ).hexdigest()
