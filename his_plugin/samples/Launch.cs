// 医务管理系统 启动链接签名示例：C#（.NET Framework 4、Mono、.NET 均可），不需要第三方库。
// 密钥只能放在服务器端。string url = Launch.Url("https://portal", parameters, key, "HMAC-SHA256");
// 命令行：Launch.exe HMAC-SM3 密钥 app=YW u=1027 …   输出签名文本和签名

using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;

public static class Launch
{
    const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    // RFC 3986；HttpUtility.UrlEncode 写小写十六进制、空格写成加号，不能用。
    public static string Percent(string text)
    {
        StringBuilder made = new StringBuilder();
        foreach (byte one in Encoding.UTF8.GetBytes(text))
        {
            char letter = (char)one;
            made.Append(Plain.IndexOf(letter) >= 0 ? letter.ToString() : "%" + one.ToString("X2"));
        }
        return made.ToString();
    }

    // 除 sign 外的全部参数，按参数名（序数）排序。
    public static string SigningText(IDictionary<string, string> parameters)
    {
        List<string> names = new List<string>(parameters.Keys);
        names.Remove("sign");
        names.Sort(string.CompareOrdinal);
        List<string> parts = new List<string>();
        foreach (string name in names)
        {
            parts.Add(Percent(name) + "=" + Percent(parameters[name]));
        }
        return string.Join("&", parts.ToArray());
    }

    public static string Sign(IDictionary<string, string> parameters, string key, string algorithm)
    {
        byte[] text = Encoding.UTF8.GetBytes(SigningText(parameters));
        byte[] secret = Encoding.UTF8.GetBytes(key);
        byte[] made = algorithm == "HMAC-SM3" ? HmacSm3(secret, text) : new HMACSHA256(secret).ComputeHash(text);
        return BitConverter.ToString(made).Replace("-", "").ToLowerInvariant();
    }

    public static string Url(string portal, IDictionary<string, string> parameters, string key, string algorithm)
    {
        return portal + "/sso/launch?" + SigningText(parameters) + "&sign=" + Sign(parameters, key, algorithm);
    }

    static byte[] HmacSm3(byte[] key, byte[] message)
    {
        byte[] block = new byte[64];
        byte[] shortKey = key.Length > 64 ? Sm3(key) : key;
        shortKey.CopyTo(block, 0);
        byte[] inner = new byte[64 + message.Length];
        byte[] outer = new byte[96];
        for (int i = 0; i < 64; i++)
        {
            inner[i] = (byte)(block[i] ^ 0x36);
            outer[i] = (byte)(block[i] ^ 0x5c);
        }
        message.CopyTo(inner, 64);
        Sm3(inner).CopyTo(outer, 64);
        return Sm3(outer);
    }

    static byte[] Sm3(byte[] bytes)
    {
        int size = (bytes.Length + 8) / 64 * 64 + 64;
        byte[] message = new byte[size];
        bytes.CopyTo(message, 0);
        message[bytes.Length] = 0x80;
        for (int i = 0; i < 8; i++)
        {
            message[size - 1 - i] = (byte)((ulong)bytes.Length * 8 >> (8 * i));
        }
        uint[] v = { 0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                     0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e };
        for (int at = 0; at < size; at += 64)
        {
            Compress(v, message, at);
        }
        byte[] made = new byte[32];
        for (int i = 0; i < 32; i++)
        {
            made[i] = (byte)(v[i / 4] >> (24 - 8 * (i % 4)));
        }
        return made;
    }

    static uint Left(uint x, int n)
    {
        n %= 32;
        return n == 0 ? x : x << n | x >> (32 - n);
    }

    static void Compress(uint[] v, byte[] message, int at)
    {
        uint[] w = new uint[68];
        for (int i = 0; i < 64; i++)
        {
            w[i / 4] = w[i / 4] << 8 | message[at + i];
        }
        for (int i = 16; i < 68; i++)
        {
            uint x = w[i - 16] ^ w[i - 9] ^ Left(w[i - 3], 15);
            w[i] = x ^ Left(x, 15) ^ Left(x, 23) ^ Left(w[i - 13], 7) ^ w[i - 6];
        }
        uint a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
        for (int i = 0; i < 64; i++)
        {
            bool early = i < 16;
            uint s1 = Left(unchecked(Left(a, 12) + e + Left(early ? 0x79cc4519u : 0x7a879d8au, i)), 7);
            uint s2 = s1 ^ Left(a, 12);
            uint t1 = unchecked((early ? a ^ b ^ c : a & b | a & c | b & c) + d + s2 + (w[i] ^ w[i + 4]));
            uint t2 = unchecked((early ? e ^ f ^ g : e & f | ~e & g) + h + s1 + w[i]);
            d = c;
            c = Left(b, 9);
            b = a;
            a = t1;
            h = g;
            g = Left(f, 19);
            f = e;
            e = t2 ^ Left(t2, 9) ^ Left(t2, 17);
        }
        uint[] made = { a, b, c, d, e, f, g, h };
        for (int i = 0; i < 8; i++)
        {
            v[i] ^= made[i];
        }
    }

    public static void Main(string[] words)
    {
        Dictionary<string, string> given = new Dictionary<string, string>();
        for (int i = 2; i < words.Length; i++)
        {
            int at = words[i].IndexOf('=');
            given[words[i].Substring(0, at)] = words[i].Substring(at + 1);
        }
        Console.Out.Write(SigningText(given) + "\n" + Sign(given, words[1], words[0]) + "\n");
    }
}
