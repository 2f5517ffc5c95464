// The helper methods that API Management adds to .NET's types.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public class BasicAuthCredentials
{
    public string UserId { get; set; }
    public string Username { get { return UserId; } }
    public string Password { get; set; }
}

public class Authorization
{
    public Authorization(JObject image)
    {
        AccessToken = (string)image["accessToken"] ?? "";
        var claims = new Dictionary<string, object>();
        foreach (var one in image["claims"] as JObject ?? new JObject()) claims[one.Key] = (string)one.Value;
        Claims = claims;
    }

    public string AccessToken { get; private set; }
    public IReadOnlyDictionary<string, object> Claims { get; private set; }
}

public class Jwt
{
    private readonly JObject header;
    private readonly JObject payload;

    private Jwt(JObject header, JObject payload)
    {
        this.header = header;
        this.payload = payload;
        var claims = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var claim in payload)
        {
            string[] earlier;
            claims.TryGetValue(claim.Key, out earlier);
            claims[claim.Key] = (earlier ?? new string[0]).Concat(Texts(claim.Value)).ToArray();
        }
        Claims = claims;
    }

    public string Algorithm { get { return Text(header, "alg"); } }
    public string Type { get { return Text(header, "typ"); } }
    public string Id { get { return Text(payload, "jti") ?? ""; } }
    public string Issuer { get { return Text(payload, "iss") ?? ""; } }
    public string Subject { get { return Text(payload, "sub") ?? ""; } }
    public IEnumerable<string> Audiences
    {
        get { return payload["aud"] == null ? new string[0] : Texts(payload["aud"]); }
    }
    public IReadOnlyDictionary<string, string[]> Claims { get; private set; }
    public DateTime? ExpirationTime { get { return Moment("exp"); } }
    public DateTime? IssuedAt { get { return Moment("iat"); } }
    public DateTime? NotBefore { get { return Moment("nbf"); } }

    private static string Text(JObject part, string name)
    {
        var found = part[name];
        return found != null && found.Type == JTokenType.String ? (string)found : null;
    }

    private static string[] Texts(JToken value)
    {
        var items = value as JArray;
        return items == null ? new[] { One(value) } : items.Select(One).ToArray();
    }

    private static string One(JToken value)
    {
        if (value.Type == JTokenType.Null) return "";
        return value.Type == JTokenType.String ? (string)value : value.ToString(Formatting.None);
    }

    private DateTime? Moment(string name)
    {
        var found = payload[name];
        if (found == null) return null;
        long seconds;
        if (found.Type == JTokenType.Integer) seconds = (long)found;
        else if (found.Type == JTokenType.Float) seconds = (long)(double)found;
        else if (found.Type != JTokenType.String || !long.TryParse((string)found, out seconds)) return null;
        return new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(seconds);
    }

    public static Jwt Parse(string text)
    {
        if (text == null) return null;
        text = text.Trim();
        if (text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) text = text.Substring(7).TrimStart();
        var parts = text.Split('.');
        if (parts.Length != 3 || !parts[2].All(one => char.IsLetterOrDigit(one) || "-_=".IndexOf(one) >= 0)) return null;
        try
        {
            return new Jwt(Part(parts[0]), Part(parts[1]));
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static JObject Part(string text)
    {
        text = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        var bytes = Convert.FromBase64String(text + new string('=', (4 - text.Length % 4) % 4));
        var reader = new JsonTextReader(new StringReader(Encoding.UTF8.GetString(bytes)));
        reader.DateParseHandling = DateParseHandling.None;
        return JObject.Load(reader);
    }
}

public static class Helpers
{
    public static Jwt AsJwt(this string input)
    {
        return Jwt.Parse(input);
    }

    public static bool TryParseJwt(this string input, out Jwt result)
    {
        result = Jwt.Parse(input);
        return result != null;
    }

    public static BasicAuthCredentials AsBasic(this string input)
    {
        if (input == null) return null;
        var parts = input.Trim().Split(new[] { ' ' }, 2);
        if (parts.Length != 2 || !parts[0].Equals("basic", StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            var text = Encoding.GetEncoding("iso-8859-1").GetString(Convert.FromBase64String(parts[1].Trim()));
            var colon = text.IndexOf(':');
            if (colon < 0) return null;
            return new BasicAuthCredentials { UserId = text.Substring(0, colon), Password = text.Substring(colon + 1) };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static bool TryParseBasic(this string input, out BasicAuthCredentials result)
    {
        result = AsBasic(input);
        return result != null;
    }

    public static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> dictionary, string key)
    {
        return GetValueOrDefault(dictionary, key, null);
    }

    public static string GetValueOrDefault(
        this IReadOnlyDictionary<string, string[]> dictionary, string key, string defaultValue)
    {
        string[] values;
        return dictionary.TryGetValue(key, out values) ? string.Join(",", values) : defaultValue;
    }

    public static string ToFormUrlEncodedContent(this IDictionary<string, IList<string>> dictionary)
    {
        return Joined(dictionary).Replace("%20", "+");
    }

    public static string ToQueryString(this IDictionary<string, IList<string>> dictionary)
    {
        var joined = Joined(dictionary);
        return joined == "" ? null : "?" + joined;
    }

    private static string Joined(IDictionary<string, IList<string>> dictionary)
    {
        var pairs = dictionary.SelectMany(entry => entry.Value.Select(
            value => Uri.EscapeDataString(entry.Key) + "=" + Uri.EscapeDataString(value)));
        return string.Join("&", pairs.ToArray());
    }

    public static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)
    {
        using (var algorithm = SymmetricAlgorithm.Create(alg)) return input.Encrypt(algorithm, key, iv);
    }

    public static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)
    {
        using (var encryptor = alg.CreateEncryptor()) return encryptor.TransformFinalBlock(input, 0, input.Length);
    }

    public static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)
    {
        using (var encryptor = alg.CreateEncryptor(key, iv)) return encryptor.TransformFinalBlock(input, 0, input.Length);
    }

    public static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)
    {
        using (var algorithm = SymmetricAlgorithm.Create(alg)) return input.Decrypt(algorithm, key, iv);
    }

    public static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)
    {
        using (var decryptor = alg.CreateDecryptor()) return decryptor.TransformFinalBlock(input, 0, input.Length);
    }

    public static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)
    {
        using (var decryptor = alg.CreateDecryptor(key, iv)) return decryptor.TransformFinalBlock(input, 0, input.Length);
    }
}
