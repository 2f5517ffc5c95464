// A small model of `context`: what an expression of a policy sees, filled from a JSON image.
// The image's form and the choices where the documentation is silent are those of `sekisho eval`.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public interface IContext
{
    IApi Api { get; }
    IDeployment Deployment { get; }
    TimeSpan Elapsed { get; }
    ILastError LastError { get; }
    IOperation Operation { get; }
    IProduct Product { get; }
    IRequest Request { get; }
    IResponse Response { get; }
    Guid RequestId { get; }
    ISubscription Subscription { get; }
    DateTime Timestamp { get; }
    bool Tracing { get; }
    IUser User { get; }
    IVariables Variables { get; }
    void Trace(string message);
}

public interface IApi
{
    string Id { get; }
    string Name { get; }
    string Path { get; }
    string Version { get; }
    string Revision { get; }
    bool IsCurrentRevision { get; }
    IEnumerable<string> Protocols { get; }
    IUrl ServiceUrl { get; }
    ISubscriptionKeyParameterNames SubscriptionKeyParameterNames { get; }
}

public interface ISubscriptionKeyParameterNames
{
    string Header { get; }
    string Query { get; }
}

public interface IOperation
{
    string Id { get; }
    string Method { get; }
    string Name { get; }
    string UrlTemplate { get; }
}

public enum ProductState { NotPublished, Published }

public interface IProduct
{
    string Id { get; }
    string Name { get; }
    ProductState State { get; }
    bool ApprovalRequired { get; }
    bool SubscriptionRequired { get; }
    int? SubscriptionLimit { get; }
    IEnumerable<IGroup> Groups { get; }
    IEnumerable<IApi> Apis { get; }
}

public interface ISubscription
{
    string Id { get; }
    string Name { get; }
    string Key { get; }
    string PrimaryKey { get; }
    string SecondaryKey { get; }
    DateTime CreatedDate { get; }
    DateTime CreatedTime { get; }
    DateTime? StartDate { get; }
    DateTime? EndDate { get; }
}

public interface IUser
{
    string Id { get; }
    string Email { get; }
    string FirstName { get; }
    string LastName { get; }
    string Note { get; }
    DateTime RegistrationDate { get; }
    IEnumerable<IGroup> Groups { get; }
    IEnumerable<IUserIdentity> Identities { get; }
}

public interface IGroup
{
    string Id { get; }
    string Name { get; }
}

public interface IUserIdentity
{
    string Id { get; }
    string Provider { get; }
}

public interface IDeployment
{
    string GatewayId { get; }
    IGateway Gateway { get; }
    string Region { get; }
    string ServiceId { get; }
    string ServiceName { get; }
    ICertificates Certificates { get; }
}

public interface IGateway
{
    string Id { get; }
    string InstanceId { get; }
    bool IsManaged { get; }
}

public interface ILastError
{
    string Source { get; }
    string Reason { get; }
    string Message { get; }
    string Scope { get; }
    string Section { get; }
    string Path { get; }
    string PolicyId { get; }
    int HttpErrorCode { get; }
}

public interface IRequest
{
    string Method { get; }
    string IpAddress { get; }
    IUrl Url { get; }
    IUrl OriginalUrl { get; }
    IHeaders Headers { get; }
    IMatchedParameters MatchedParameters { get; }
    IMessageBody Body { get; }
    IPrivateEndpointConnection PrivateEndpointConnection { get; }
    X509Certificate2 Certificate { get; }
}

public interface IResponse
{
    int StatusCode { get; }
    string StatusReason { get; }
    IHeaders Headers { get; }
    IMessageBody Body { get; }
}

public interface IMessageBody
{
    T As<T>(bool preserveContent = false);
    IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false);
}

public interface IUrl
{
    string Host { get; }
    string Path { get; }
    int Port { get; }
    string QueryString { get; }
    string Scheme { get; }
    IQuery Query { get; }
}

public interface IPrivateEndpointConnection
{
    string Name { get; }
    string GroupId { get; }
    string MemberName { get; }
}

public interface IVariables : IReadOnlyDictionary<string, object>
{
    object GetValueOrDefault(string key);
    T GetValueOrDefault<T>(string key);
    T GetValueOrDefault<T>(string key, T defaultValue);
}

public interface IHeaders : IReadOnlyDictionary<string, string[]>
{
    string GetValueOrDefault(string key);
    string GetValueOrDefault(string key, string defaultValue);
}

public interface IQuery : IReadOnlyDictionary<string, string[]>
{
    string GetValueOrDefault(string key);
    string GetValueOrDefault(string key, string defaultValue);
}

public interface IMatchedParameters : IReadOnlyDictionary<string, string>
{
    string GetValueOrDefault(string key);
    string GetValueOrDefault(string key, string defaultValue);
}

public interface ICertificates : IReadOnlyDictionary<string, X509Certificate2>
{
}

// Facts of the image, by member name.
public class Facts
{
    protected readonly JObject image;

    public Facts(JObject image)
    {
        this.image = image;
    }

    protected string Text(string name)
    {
        return OptionalText(name) ?? "";
    }

    protected string OptionalText(string name)
    {
        var found = image[name];
        return found == null || found.Type == JTokenType.Null ? null : (string)found;
    }

    protected bool Flag(string name)
    {
        var found = image[name];
        return found != null && found.Type == JTokenType.Boolean && (bool)found;
    }

    protected DateTime? Moment(string name)
    {
        var found = OptionalText(name);
        return found == null ? (DateTime?)null : Image.Utc(found);
    }

    protected JObject Inner(string name)
    {
        return image[name] as JObject;
    }

    protected IEnumerable<JToken> Items(string name)
    {
        return image[name] as JArray ?? new JArray();
    }
}

public class ApiFacts : Facts, IApi
{
    public ApiFacts(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Name { get { return Text("name"); } }
    public string Path { get { return Text("path"); } }
    public string Version { get { return Text("version"); } }
    public string Revision { get { return Text("revision"); } }
    public bool IsCurrentRevision { get { return Flag("isCurrentRevision"); } }
    public IEnumerable<string> Protocols { get { return Items("protocols").Select(one => (string)one).ToArray(); } }
    public IUrl ServiceUrl
    {
        get { return OptionalText("serviceUrl") == null ? null : new UrlFacts(Text("serviceUrl")); }
    }
    public ISubscriptionKeyParameterNames SubscriptionKeyParameterNames
    {
        get { return new KeyNames(Inner("subscriptionKeyParameterNames") ?? new JObject()); }
    }
}

public class KeyNames : Facts, ISubscriptionKeyParameterNames
{
    public KeyNames(JObject image) : base(image) { }
    public string Header { get { return Text("header"); } }
    public string Query { get { return Text("query"); } }
}

public class OperationFacts : Facts, IOperation
{
    public OperationFacts(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Method { get { return Text("method"); } }
    public string Name { get { return Text("name"); } }
    public string UrlTemplate { get { return Text("urlTemplate"); } }
}

public class ProductFacts : Facts, IProduct
{
    public ProductFacts(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Name { get { return Text("name"); } }
    public ProductState State
    {
        get { return Text("state") == "Published" ? ProductState.Published : ProductState.NotPublished; }
    }
    public bool ApprovalRequired { get { return Flag("approvalRequired"); } }
    public bool SubscriptionRequired { get { return Flag("subscriptionRequired"); } }
    public int? SubscriptionLimit
    {
        get { return OptionalText("subscriptionLimit") == null ? (int?)null : (int)image["subscriptionLimit"]; }
    }
    public IEnumerable<IGroup> Groups { get { return Items("groups").Select(one => new Pair((JObject)one)).ToArray<IGroup>(); } }
    public IEnumerable<IApi> Apis { get { return Items("apis").Select(one => new ApiFacts((JObject)one)).ToArray<IApi>(); } }
}

public class Pair : Facts, IGroup, IUserIdentity
{
    public Pair(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Name { get { return Text("name"); } }
    public string Provider { get { return Text("provider"); } }
}

public class SubscriptionFacts : Facts, ISubscription
{
    public SubscriptionFacts(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Name { get { return Text("name"); } }
    public string Key { get { return Text("key"); } }
    public string PrimaryKey { get { return Text("primaryKey"); } }
    public string SecondaryKey { get { return Text("secondaryKey"); } }
    public DateTime CreatedDate { get { return Moment("createdDate") ?? new DateTime(0, DateTimeKind.Utc); } }
    public DateTime CreatedTime { get { return CreatedDate; } }
    public DateTime? StartDate { get { return Moment("startDate"); } }
    public DateTime? EndDate { get { return Moment("endDate"); } }
}

public class UserFacts : Facts, IUser
{
    public UserFacts(JObject image) : base(image) { }
    public string Id { get { return Text("id"); } }
    public string Email { get { return Text("email"); } }
    public string FirstName { get { return Text("firstName"); } }
    public string LastName { get { return Text("lastName"); } }
    public string Note { get { return Text("note"); } }
    public DateTime RegistrationDate { get { return Moment("registrationDate") ?? new DateTime(0, DateTimeKind.Utc); } }
    public IEnumerable<IGroup> Groups { get { return Items("groups").Select(one => new Pair((JObject)one)).ToArray<IGroup>(); } }
    public IEnumerable<IUserIdentity> Identities
    {
        get { return Items("identities").Select(one => new Pair((JObject)one)).ToArray<IUserIdentity>(); }
    }
}

public class DeploymentFacts : Facts, IDeployment, IGateway
{
    public DeploymentFacts(JObject image) : base(image) { }
    public string GatewayId { get { return Text("gatewayId"); } }
    public IGateway Gateway { get { return this; } }
    public string Id { get { return GatewayId; } }
    public string InstanceId { get { return GatewayId; } }
    public bool IsManaged { get { return GatewayId == "managed"; } }
    public string Region { get { return Text("region"); } }
    public string ServiceId { get { return Text("serviceId"); } }
    public string ServiceName { get { return Text("serviceName"); } }
    public ICertificates Certificates
    {
        get
        {
            var found = new CertificateTable();
            foreach (var one in Inner("certificates") ?? new JObject())
                found.Put(one.Key, new X509Certificate2(Convert.FromBase64String((string)one.Value)));
            return found;
        }
    }
}

public class LastErrorFacts : Facts, ILastError
{
    public LastErrorFacts(JObject image) : base(image) { }
    public string Source { get { return Text("source"); } }
    public string Reason { get { return OptionalText("reason"); } }
    public string Message { get { return Text("message"); } }
    public string Scope { get { return OptionalText("scope"); } }
    public string Section { get { return OptionalText("section"); } }
    public string Path { get { return OptionalText("path"); } }
    public string PolicyId { get { return OptionalText("policyId"); } }
    public int HttpErrorCode { get { return OptionalText("httpErrorCode") == null ? 0 : (int)image["httpErrorCode"]; } }
}

public class EndpointFacts : Facts, IPrivateEndpointConnection
{
    public EndpointFacts(JObject image) : base(image) { }
    public string Name { get { return Text("name"); } }
    public string GroupId { get { return Text("groupId"); } }
    public string MemberName { get { return Text("memberName"); } }
}

// A dictionary of `context` in insertion order.
public abstract class Table<T> : IReadOnlyDictionary<string, T>
{
    private readonly List<string> names = new List<string>();
    private readonly Dictionary<string, T> values;

    protected Table(IEqualityComparer<string> comparer)
    {
        values = new Dictionary<string, T>(comparer);
    }

    public void Put(string key, T value)
    {
        if (!values.ContainsKey(key)) names.Add(key);
        values[key] = value;
    }

    public virtual T this[string key] { get { return values[key]; } }
    public IEnumerable<string> Keys { get { return names.ToArray(); } }
    public IEnumerable<T> Values { get { return names.Select(name => values[name]).ToArray(); } }
    public int Count { get { return names.Count; } }
    public bool ContainsKey(string key) { return values.ContainsKey(key); }
    public bool TryGetValue(string key, out T value) { return values.TryGetValue(key, out value); }
    public IEnumerator<KeyValuePair<string, T>> GetEnumerator()
    {
        return names.Select(name => new KeyValuePair<string, T>(name, values[name])).GetEnumerator();
    }
    IEnumerator IEnumerable.GetEnumerator() { return GetEnumerator(); }
}

public class CertificateTable : Table<X509Certificate2>, ICertificates
{
    public CertificateTable() : base(StringComparer.Ordinal) { }
}

public class VariableTable : Table<object>, IVariables
{
    public VariableTable() : base(StringComparer.Ordinal) { }

    public override object this[string key]
    {
        get
        {
            object value;
            return TryGetValue(key, out value) ? value : null;
        }
    }

    public object GetValueOrDefault(string key) { return this[key]; }
    public T GetValueOrDefault<T>(string key) { return GetValueOrDefault(key, default(T)); }
    public T GetValueOrDefault<T>(string key, T defaultValue)
    {
        object value;
        return TryGetValue(key, out value) ? (T)value : defaultValue;
    }
}

public class Lists : Table<string[]>, IHeaders, IQuery
{
    public Lists(IEqualityComparer<string> comparer) : base(comparer) { }

    public string GetValueOrDefault(string key) { return GetValueOrDefault(key, null); }
    public string GetValueOrDefault(string key, string defaultValue)
    {
        string[] values;
        return TryGetValue(key, out values) ? string.Join(",", values) : defaultValue;
    }
}

public class MatchedTable : Table<string>, IMatchedParameters
{
    public MatchedTable() : base(StringComparer.Ordinal) { }

    public string GetValueOrDefault(string key) { return GetValueOrDefault(key, null); }
    public string GetValueOrDefault(string key, string defaultValue)
    {
        string value;
        return TryGetValue(key, out value) ? value : defaultValue;
    }
}

public class UrlFacts : IUrl
{
    public UrlFacts(string text)
    {
        var at = text.IndexOf("://", StringComparison.Ordinal);
        Scheme = at < 0 ? "" : text.Substring(0, at);
        var rest = at < 0 ? text : text.Substring(at + 3);
        var authority = "";
        if (at >= 0)
        {
            var end = rest.IndexOfAny(new[] { '/', '?', '#' });
            authority = end < 0 ? rest : rest.Substring(0, end);
            rest = end < 0 ? "" : rest.Substring(end);
        }
        rest = rest.Split('#')[0];
        var query = rest.IndexOf('?');
        Path = query < 0 ? rest : rest.Substring(0, query);
        if (Path == "") Path = "/";
        QueryString = query < 0 ? "" : rest.Substring(query);
        authority = authority.Substring(authority.LastIndexOf('@') + 1);
        var colon = authority.LastIndexOf(':');
        Port = Scheme == "https" ? 443 : 80;
        Host = colon < 0 ? authority : authority.Substring(0, colon);
        if (colon >= 0) Port = int.Parse(authority.Substring(colon + 1));
    }

    public string Host { get; private set; }
    public string Path { get; private set; }
    public int Port { get; private set; }
    public string QueryString { get; private set; }
    public string Scheme { get; private set; }

    public IQuery Query
    {
        get
        {
            var fields = new Lists(StringComparer.Ordinal);
            foreach (var field in Image.FormFields(QueryString.TrimStart('?')))
            {
                string[] earlier;
                fields.TryGetValue(field.Key, out earlier);
                fields.Put(field.Key, (earlier ?? new string[0]).Concat(new[] { field.Value }).ToArray());
            }
            return fields;
        }
    }

    public override string ToString()
    {
        var own = Scheme == "http" && Port == 80 || Scheme == "https" && Port == 443;
        return Scheme + "://" + Host + (own ? "" : ":" + Port) + Path + QueryString;
    }
}

public class Body : IMessageBody
{
    private byte[] bytes;

    public Body(byte[] bytes)
    {
        this.bytes = bytes;
    }

    private byte[] Read(bool preserve)
    {
        var read = bytes;
        if (!preserve) bytes = null;
        return read;
    }

    private static string Decoded(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return text.StartsWith("\uFEFF", StringComparison.Ordinal) ? text.Substring(1) : text;
    }

    public T As<T>(bool preserveContent = false)
    {
        var read = Read(preserveContent);
        if (read == null) return default(T);
        var wanted = typeof(T);
        object found;
        if (wanted == typeof(byte[])) found = read;
        else if (wanted == typeof(string) || wanted == typeof(object)) found = Decoded(read);
        else if (wanted == typeof(JObject)) found = JObject.Parse(Decoded(read));
        else if (wanted == typeof(JArray)) found = JArray.Parse(Decoded(read));
        else if (wanted == typeof(JToken)) found = JToken.Parse(Decoded(read));
        else if (wanted == typeof(XDocument)) found = XDocument.Parse(Decoded(read));
        else if (wanted == typeof(XElement) || wanted == typeof(XNode)) found = XElement.Parse(Decoded(read));
        else throw new InvalidOperationException("The body cannot be read as " + wanted + ".");
        return (T)found;
    }

    public IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)
    {
        var read = Read(preserveContent);
        if (read == null) return null;
        var fields = new Dictionary<string, IList<string>>();
        foreach (var field in Image.FormFields(Decoded(read)))
        {
            if (!fields.ContainsKey(field.Key)) fields[field.Key] = new List<string>();
            fields[field.Key].Add(field.Value);
        }
        return fields;
    }
}

public class ResponseFacts : Facts, IResponse
{
    public ResponseFacts(JObject image) : base(image)
    {
        Body = Image.BodyOf(image);
        Headers = Image.HeadersOf(image);
    }

    public int StatusCode { get { return OptionalText("statusCode") == null ? 200 : (int)image["statusCode"]; } }
    public string StatusReason { get { return Text("statusReason"); } }
    public IHeaders Headers { get; private set; }
    public IMessageBody Body { get; private set; }
}

public class RequestFacts : Facts, IRequest
{
    public RequestFacts(JObject image) : base(image)
    {
        Body = Image.BodyOf(image);
        Headers = Image.HeadersOf(image);
        var matched = new MatchedTable();
        foreach (var one in Inner("matchedParameters") ?? new JObject()) matched.Put(one.Key, (string)one.Value);
        MatchedParameters = matched;
        Url = new UrlFacts(Text("url"));
        OriginalUrl = new UrlFacts(OptionalText("originalUrl") ?? Text("url"));
    }

    public string Method { get { return OptionalText("method") ?? "GET"; } }
    public string IpAddress { get { return Text("ipAddress"); } }
    public IUrl Url { get; private set; }
    public IUrl OriginalUrl { get; private set; }
    public IHeaders Headers { get; private set; }
    public IMatchedParameters MatchedParameters { get; private set; }
    public IMessageBody Body { get; private set; }
    public IPrivateEndpointConnection PrivateEndpointConnection
    {
        get
        {
            var found = Inner("privateEndpointConnection");
            return found == null ? null : new EndpointFacts(found);
        }
    }
    public X509Certificate2 Certificate
    {
        get
        {
            var found = OptionalText("certificate");
            return found == null ? null : new X509Certificate2(Convert.FromBase64String(found));
        }
    }
}

public class Image : Facts, IContext
{
    private readonly VariableTable variables = new VariableTable();

    public Image(JObject image) : base(image)
    {
        Request = Inner("request") == null ? null : new RequestFacts(Inner("request"));
        Response = Inner("response") == null ? null : new ResponseFacts(Inner("response"));
        foreach (var one in Inner("variables") ?? new JObject())
            variables.Put(one.Key, VariableOf((JObject)one.Value));
    }

    public IApi Api { get { return Inner("api") == null ? null : new ApiFacts(Inner("api")); } }
    public IDeployment Deployment { get { return new DeploymentFacts(Inner("deployment") ?? new JObject()); } }
    public TimeSpan Elapsed
    {
        get { return OptionalText("elapsed") == null ? TimeSpan.Zero : TimeSpan.Parse(Text("elapsed")); }
    }
    public ILastError LastError { get { return Inner("lastError") == null ? null : new LastErrorFacts(Inner("lastError")); } }
    public IOperation Operation { get { return Inner("operation") == null ? null : new OperationFacts(Inner("operation")); } }
    public IProduct Product { get { return Inner("product") == null ? null : new ProductFacts(Inner("product")); } }
    public IRequest Request { get; private set; }
    public IResponse Response { get; private set; }
    public Guid RequestId { get { return OptionalText("requestId") == null ? Guid.Empty : Guid.Parse(Text("requestId")); } }
    public ISubscription Subscription
    {
        get { return Inner("subscription") == null ? null : new SubscriptionFacts(Inner("subscription")); }
    }
    public DateTime Timestamp { get { return Moment("timestamp") ?? new DateTime(0, DateTimeKind.Utc); } }
    public bool Tracing { get { return Flag("tracing"); } }
    public IUser User { get { return Inner("user") == null ? null : new UserFacts(Inner("user")); } }
    public IVariables Variables { get { return variables; } }
    public void Trace(string message) { }

    public static DateTime Utc(string text)
    {
        return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcDateTime;
    }

    public static IMessageBody BodyOf(JObject message)
    {
        var body = message["body"];
        if (body == null || body.Type == JTokenType.Null) return null;
        if (body.Type == JTokenType.String) return new Body(new UTF8Encoding(false).GetBytes((string)body));
        return new Body(Convert.FromBase64String((string)body["base64"]));
    }

    public static IHeaders HeadersOf(JObject message)
    {
        var headers = new Lists(StringComparer.OrdinalIgnoreCase);
        foreach (var one in message["headers"] as JObject ?? new JObject())
        {
            var values = one.Value as JArray ?? new JArray(one.Value);
            headers.Put(one.Key.ToLowerInvariant(), values.Select(value => (string)value).ToArray());
        }
        return headers;
    }

    // `a=1&b=2`, decoded.
    public static IEnumerable<KeyValuePair<string, string>> FormFields(string text)
    {
        foreach (var field in text.Split('&').Where(field => field != ""))
        {
            var at = field.IndexOf('=');
            var name = at < 0 ? field : field.Substring(0, at);
            var value = at < 0 ? "" : field.Substring(at + 1);
            yield return new KeyValuePair<string, string>(
                System.Net.WebUtility.UrlDecode(name), System.Net.WebUtility.UrlDecode(value));
        }
    }

    private static object VariableOf(JObject variable)
    {
        var kind = (string)variable["type"];
        var value = variable["value"];
        if (value == null || value.Type == JTokenType.Null) return null;
        var culture = CultureInfo.InvariantCulture;
        var text = value is JContainer ? value.ToString(Formatting.None) : Convert.ToString(((JValue)value).Value, culture);
        switch (kind)
        {
            case "String": return text;
            case "Int32": return int.Parse(text, culture);
            case "Int64": return long.Parse(text, culture);
            case "Boolean": return bool.Parse(text);
            case "Double": return double.Parse(text, culture);
            case "Decimal": return decimal.Parse(text, culture);
            case "DateTime": return DateTime.Parse(text, culture, DateTimeStyles.RoundtripKind);
            case "DateTimeOffset": return DateTimeOffset.Parse(text, culture);
            case "TimeSpan": return TimeSpan.Parse(text, culture);
            case "Guid": return Guid.Parse(text);
            case "Byte[]": return Convert.FromBase64String(text);
            case "String[]": return value.Select(one => (string)one).ToArray();
            case "JObject": return JObject.Parse(value.ToString(Formatting.None));
            case "JArray": return JArray.Parse(value.ToString(Formatting.None));
            case "JToken": return JToken.Parse(value is JContainer ? text : JsonConvert.SerializeObject(value));
            case "IResponse": return new ResponseFacts((JObject)value);
            case "Jwt": return text.AsJwt();
            case "Authorization": return new Authorization((JObject)value);
            default: throw new ArgumentException("unknown type of variable " + kind);
        }
    }
}
