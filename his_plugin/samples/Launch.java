// 医务管理系统 启动链接签名示例：Java 8 及以上，不需要第三方库。
// 密钥只能放在服务器端。String url = Launch.url("https://portal", parameters, key, "HMAC-SHA256");
// 命令行：java Launch HMAC-SM3 密钥 app=YW u=1027 …   输出签名文本和签名

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Launch {
    private static final String PLAIN =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /** RFC 3986；URLEncoder 会把空格写成加号，不能用。 */
    static String percent(String text) {
        StringBuilder out = new StringBuilder();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            char letter = (char) (one & 255);
            out.append(PLAIN.indexOf(letter) >= 0 ? "" + letter : String.format("%%%02X", one & 255));
        }
        return out.toString();
    }

    /** 除 sign 外的全部参数，按参数名排序。 */
    static String signingText(Map<String, String> parameters) {
        StringBuilder out = new StringBuilder();
        for (Map.Entry<String, String> one : new TreeMap<String, String>(parameters).entrySet()) {
            if (!one.getKey().equals("sign")) {
                out.append(out.length() > 0 ? "&" : "");
                out.append(percent(one.getKey())).append('=').append(percent(one.getValue()));
            }
        }
        return out.toString();
    }

    static String sign(Map<String, String> parameters, String key, String algorithm) throws Exception {
        byte[] text = signingText(parameters).getBytes(StandardCharsets.UTF_8);
        byte[] secret = key.getBytes(StandardCharsets.UTF_8);
        byte[] made;
        if (algorithm.equals("HMAC-SM3")) {
            made = hmacSm3(secret, text);
        } else {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            made = mac.doFinal(text);
        }
        StringBuilder out = new StringBuilder();
        for (byte one : made) {
            out.append(String.format("%02x", one & 255));
        }
        return out.toString();
    }

    static String url(String portal, Map<String, String> parameters, String key, String algorithm)
            throws Exception {
        return portal + "/sso/launch?" + signingText(parameters) + "&sign=" + sign(parameters, key, algorithm);
    }

    private static byte[] hmacSm3(byte[] key, byte[] message) {
        byte[] block = Arrays.copyOf(key.length > 64 ? sm3(key) : key, 64);
        byte[] inner = new byte[64 + message.length];
        byte[] outer = new byte[96];
        for (int i = 0; i < 64; i++) {
            inner[i] = (byte) (block[i] ^ 0x36);
            outer[i] = (byte) (block[i] ^ 0x5c);
        }
        System.arraycopy(message, 0, inner, 64, message.length);
        System.arraycopy(sm3(inner), 0, outer, 64, 32);
        return sm3(outer);
    }

    private static byte[] sm3(byte[] bytes) {
        int size = (bytes.length + 8) / 64 * 64 + 64;
        byte[] message = Arrays.copyOf(bytes, size);
        message[bytes.length] = (byte) 0x80;
        for (int i = 0; i < 8; i++) {
            message[size - 1 - i] = (byte) (bytes.length * 8L >>> (8 * i));
        }
        int[] v = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
            0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
        for (int at = 0; at < size; at += 64) {
            compress(v, message, at);
        }
        byte[] out = new byte[32];
        for (int i = 0; i < 32; i++) {
            out[i] = (byte) (v[i / 4] >>> (24 - 8 * (i % 4)));
        }
        return out;
    }

    private static int left(int x, int n) {
        return Integer.rotateLeft(x, n);
    }

    private static void compress(int[] v, byte[] message, int at) {
        int[] w = new int[68];
        for (int i = 0; i < 64; i++) {
            w[i / 4] = w[i / 4] << 8 | message[at + i] & 255;
        }
        for (int i = 16; i < 68; i++) {
            int x = w[i - 16] ^ w[i - 9] ^ left(w[i - 3], 15);
            w[i] = x ^ left(x, 15) ^ left(x, 23) ^ left(w[i - 13], 7) ^ w[i - 6];
        }
        int a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
        for (int i = 0; i < 64; i++) {
            boolean early = i < 16;
            int s1 = left(left(a, 12) + e + left(early ? 0x79cc4519 : 0x7a879d8a, i), 7);
            int s2 = s1 ^ left(a, 12);
            int t1 = (early ? a ^ b ^ c : a & b | a & c | b & c) + d + s2 + (w[i] ^ w[i + 4]);
            int t2 = (early ? e ^ f ^ g : e & f | ~e & g) + h + s1 + w[i];
            d = c;
            c = left(b, 9);
            b = a;
            a = t1;
            h = g;
            g = left(f, 19);
            f = e;
            e = t2 ^ left(t2, 9) ^ left(t2, 17);
        }
        int[] made = {a, b, c, d, e, f, g, h};
        for (int i = 0; i < 8; i++) {
            v[i] ^= made[i];
        }
    }

    public static void main(String[] words) throws Exception {
        Map<String, String> given = new TreeMap<String, String>();
        for (int i = 2; i < words.length; i++) {
            int at = words[i].indexOf('=');
            given.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        out.print(signingText(given) + "\n" + sign(given, words[1], words[0]) + "\n");
    }
}
