"""The launch signature (domain 9.2): how a station proves who opened us.

``sign`` is lower-case hex over ``k=v&k=v…``: all parameters but ``sign``, sorted by
name, UTF-8, RFC 3986 percent-encoding. An HMAC is keyed with the app's key; the plain
digests some stations only know are taken of that text with ``&key=<key>`` behind it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

# hashlib has SM3 only where the system's OpenSSL was built with it.
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

TIMESTAMP_FORMAT = "%Y%m%d%H%M%S"  # local time at Asia/Shanghai


class Algorithm(StrEnum):
    HMAC_SHA256 = "HMAC-SHA256"
    HMAC_SM3 = "HMAC-SM3"
    SHA1 = "SHA-1"
    MD5 = "MD5"

    @property
    def is_plain_digest(self) -> bool:
        """Weak: only for a station that knows nothing better, and with an end date."""
        return self in {Algorithm.SHA1, Algorithm.MD5}


PARAMETERS = {
    "app": "接入方编号",
    "u": "登录医师工号",
    "n": "医师姓名",
    "d": "科室编码",
    "pid": "病人ID",
    "vid": "就诊ID或主页ID",
    "st": "工作站：MZ 门诊，ZY 住院",
    "page": "打开的页面",
    "frame": "嵌在医生站页面内显示时为 1",
    "ts": "时间 yyyyMMddHHmmss",
    "nonce": "一次性随机数，16 位以上十六进制",
    "sign": "签名",
}
REQUIRED = ("app", "u", "d", "st", "ts", "nonce", "sign")
STATIONS = {"MZ": "门诊医生站", "ZY": "住院医生站"}
# A ticket is asked for by the HIS server itself, so nothing of it needs a signature.
TICKET_PARAMETERS = ("u", "n", "d", "pid", "vid", "st", "page", "frame")
TICKET_REQUIRED = ("u", "d", "st")

# Test vectors printed in the interface specification; tests hold us to them.
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
VECTOR_SIGNATURES = {
    Algorithm.HMAC_SHA256: (
        "d4c4f248615277e9024eb851e7149d0fed9a3b2c58a0188ef3aa2b0dc570c48d"
    ),
    Algorithm.HMAC_SM3: (
        "61770639379318070feb6a88ca3c02aa70c0dc33f386f16a514d6a4b1358528b"
    ),
    Algorithm.SHA1: "70b3d9426e39a81cfe5c8f67f0c7533487b9a49c",
    Algorithm.MD5: "f889328f0b13aef2b8ac81ef218f7bd6",
}


def signing_text(parameters: Mapping[str, str]) -> str:
    """The exact text that is signed."""
    return "&".join(
        f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}"
        for name, value in sorted(parameters.items())
        if name != "sign"
    )


def sign(
    parameters: Mapping[str, str],
    key: str,
    algorithm: Algorithm = Algorithm.HMAC_SHA256,
) -> str:
    """Lower-case hex of the signature."""
    return signature_of(signing_text(parameters).encode(), key, algorithm)


def signature_of(text: bytes, key: str, algorithm: Algorithm) -> str:
    """Of a text as it is."""
    if algorithm is Algorithm.HMAC_SM3:
        made = HMAC(key.encode(), hashes.SM3())
        made.update(text)
        return made.finalize().hex()
    if algorithm is Algorithm.HMAC_SHA256:
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
    name = "md5" if algorithm is Algorithm.MD5 else "sha1"
    digest = hashlib.new(name, text + b"&key=" + key.encode(), usedforsecurity=False)
    return digest.hexdigest()
