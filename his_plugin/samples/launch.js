/* 医务管理系统 启动链接签名示例：JavaScript（ES5，适用于 Node、JScript 等服务器端脚本）
 * 密钥只能放在服务器端，不得出现在医生站页面里。
 * var url = launchUrl("https://portal", {app: "YW", u: "1027", ...}, key, "HMAC-SHA256");
 * 命令行：node launch.js HMAC-SM3 密钥 app=YW u=1027 …   输出签名文本和签名
 */
"use strict";

function percent(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, function (c) {
    return "%" + c.charCodeAt(0).toString(16).toUpperCase();
  });
}

/* 除 sign 外的全部参数，按参数名排序，RFC 3986 百分号编码 */
function signingText(parameters) {
  var names = [], parts = [], name, i;
  for (name in parameters) {
    if (parameters.hasOwnProperty(name) && name !== "sign") { names.push(name); }
  }
  names.sort();
  for (i = 0; i < names.length; i++) {
    parts.push(percent(names[i]) + "=" + percent(parameters[names[i]]));
  }
  return parts.join("&");
}

function utf8(text) {
  var packed = unescape(encodeURIComponent(text)), bytes = [], i;
  for (i = 0; i < packed.length; i++) { bytes.push(packed.charCodeAt(i)); }
  return bytes;
}

/* 64 字节一组：补位，分组，压缩，输出 32 字节 */
function digest(bytes, state, compress) {
  var message = bytes.concat([0x80]), words, i, j, out = [];
  while (message.length % 64 !== 56) { message.push(0); }
  message.push(0, 0, 0, 0);
  for (i = 24; i >= 0; i -= 8) { message.push(((bytes.length * 8) >>> i) & 255); }
  for (i = 0; i < message.length; i += 64) {
    words = [];
    for (j = i; j < i + 64; j += 4) {
      words.push((message[j] << 24) | (message[j + 1] << 16) | (message[j + 2] << 8) | message[j + 3]);
    }
    state = compress(state, words);
  }
  for (i = 0; i < 8; i++) {
    out.push(state[i] >>> 24, (state[i] >>> 16) & 255, (state[i] >>> 8) & 255, state[i] & 255);
  }
  return out;
}

function left(x, n) { n = n % 32; return n ? (x << n) | (x >>> (32 - n)) : x; }

var K = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
  0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
  0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
];

function sha256(bytes) {
  return digest(bytes, [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19], function (v, w) {
    var a = v.slice(0), i, s0, s1, t1, t2;
    for (i = 16; i < 64; i++) {
      s0 = left(w[i - 15], 25) ^ left(w[i - 15], 14) ^ (w[i - 15] >>> 3);
      s1 = left(w[i - 2], 15) ^ left(w[i - 2], 13) ^ (w[i - 2] >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    for (i = 0; i < 64; i++) {
      s1 = left(a[4], 26) ^ left(a[4], 21) ^ left(a[4], 7);
      t1 = (a[7] + s1 + ((a[4] & a[5]) ^ (~a[4] & a[6])) + K[i] + w[i]) | 0;
      s0 = left(a[0], 30) ^ left(a[0], 19) ^ left(a[0], 10);
      t2 = (s0 + ((a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]))) | 0;
      a = [(t1 + t2) | 0, a[0], a[1], a[2], (a[3] + t1) | 0, a[4], a[5], a[6]];
    }
    for (i = 0; i < 8; i++) { a[i] = (a[i] + v[i]) | 0; }
    return a;
  });
}

function sm3(bytes) {
  return digest(bytes, [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
    0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e], function (v, w) {
    var a = v.slice(0), i, x, s1, s2, ff, gg, t1, t2;
    for (i = 16; i < 68; i++) {
      x = w[i - 16] ^ w[i - 9] ^ left(w[i - 3], 15);
      w[i] = x ^ left(x, 15) ^ left(x, 23) ^ left(w[i - 13], 7) ^ w[i - 6];
    }
    for (i = 0; i < 64; i++) {
      s1 = left((left(a[0], 12) + a[4] + left(i < 16 ? 0x79cc4519 : 0x7a879d8a, i)) | 0, 7);
      s2 = s1 ^ left(a[0], 12);
      ff = i < 16 ? a[0] ^ a[1] ^ a[2] : (a[0] & a[1]) | (a[0] & a[2]) | (a[1] & a[2]);
      gg = i < 16 ? a[4] ^ a[5] ^ a[6] : (a[4] & a[5]) | (~a[4] & a[6]);
      t1 = (ff + a[3] + s2 + (w[i] ^ w[i + 4])) | 0;
      t2 = (gg + a[7] + s1 + w[i]) | 0;
      a = [t1, a[0], left(a[1], 9), a[2], t2 ^ left(t2, 9) ^ left(t2, 17), a[4], left(a[5], 19), a[6]];
    }
    for (i = 0; i < 8; i++) { a[i] = a[i] ^ v[i]; }
    return a;
  });
}

function hmac(hash, key, message) {
  var inner = [], outer = [], i;
  if (key.length > 64) { key = hash(key); }
  for (i = 0; i < 64; i++) {
    inner.push((key[i] || 0) ^ 0x36);
    outer.push((key[i] || 0) ^ 0x5c);
  }
  return hash(outer.concat(hash(inner.concat(message))));
}

function hex(bytes) {
  var out = "", i;
  for (i = 0; i < bytes.length; i++) { out += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16); }
  return out;
}

function sign(parameters, key, algorithm) {
  var hash = algorithm === "HMAC-SM3" ? sm3 : sha256;
  return hex(hmac(hash, utf8(key), utf8(signingText(parameters))));
}

function launchUrl(portal, parameters, key, algorithm) {
  return portal + "/sso/launch?" + signingText(parameters) + "&sign=" + sign(parameters, key, algorithm);
}

if (typeof process !== "undefined" && typeof require !== "undefined" && require.main === module) {
  (function () {
    var given = {}, i, at, word;
    for (i = 4; i < process.argv.length; i++) {
      word = process.argv[i];
      at = word.indexOf("=");
      given[word.slice(0, at)] = word.slice(at + 1);
    }
    process.stdout.write(signingText(given) + "\n" + sign(given, process.argv[3], process.argv[2]) + "\n");
  }());
}
