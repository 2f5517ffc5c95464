// Runs the cases of a batch and prints a line of JSON for each: its number, then type and value, or what was thrown.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Xml.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public delegate object Case(IContext context);

public static class Runner
{
    // The deepest value that is shown.
    private const int Deepest = 64;

    private static readonly Type[] ofContext =
    {
        typeof(IContext), typeof(IApi), typeof(ISubscriptionKeyParameterNames), typeof(IOperation), typeof(IProduct),
        typeof(ISubscription), typeof(IUser), typeof(IGroup), typeof(IUserIdentity), typeof(IDeployment),
        typeof(IGateway), typeof(ILastError), typeof(IRequest), typeof(IResponse), typeof(IMessageBody), typeof(IUrl),
        typeof(IPrivateEndpointConnection), typeof(IVariables), typeof(IHeaders), typeof(IQuery),
        typeof(IMatchedParameters), typeof(ICertificates),
    };

    // `images`: the contexts as JSON, one a line; `contextOf`: the line for each case.
    public static void Run(Case[] cases, int[] contextOf, string images, string output)
    {
        Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
        Thread.CurrentThread.CurrentUICulture = CultureInfo.InvariantCulture;
        var contexts = File.ReadAllLines(images);
        using (var writer = new StreamWriter(output, false, new UTF8Encoding(false)))
        {
            for (var at = 0; at < cases.Length; at++)
            {
                writer.WriteLine(Answer(cases[at], contexts[contextOf[at]]).ToString(Formatting.None));
                writer.Flush();
            }
        }
    }

    private static JObject Answer(Case one, string image)
    {
        try
        {
            var reader = new JsonTextReader(new StringReader(image)) { DateParseHandling = DateParseHandling.None };
            var value = one(new Image(JObject.Load(reader)));
            var shown = Show(value, true, 0);
            return new JObject { { "type", value == null ? null : NameOf(value.GetType()) }, { "value", shown } };
        }
        catch (Exception thrown)
        {
            var error = new JObject { { "type", thrown.GetType().FullName }, { "message", thrown.Message } };
            return new JObject { { "error", error } };
        }
    }

    private static bool IsAnonymous(Type type)
    {
        return type.Name.Contains("AnonType") || type.Name.Contains("AnonymousType");
    }

    private static string NameOf(Type type)
    {
        if (type.IsArray)
            return NameOf(type.GetElementType()) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (IsAnonymous(type)) return "AnonymousType";
        if (type == typeof(Jwt) || type == typeof(Authorization) || type == typeof(BasicAuthCredentials)) return type.Name;
        if (type.Assembly == typeof(Runner).Assembly && !type.IsInterface)
        {
            var face = ofContext.FirstOrDefault(one => one.IsAssignableFrom(type));
            if (face != null) return face.Name;
        }
        if (!type.IsVisible)
        {
            var shown = Unnamed(type);
            if (shown != null) return NameOf(shown);
        }
        if (!type.IsGenericType) return type.FullName;
        var definition = type.GetGenericTypeDefinition().FullName;
        var plain = string.Join("", definition.Split('`').Select((part, at) => at == 0 ? part : part.TrimStart("0123456789".ToCharArray())));
        return plain + "<" + string.Join(",", type.GetGenericArguments().Select(NameOf)) + ">";
    }

    // What a type that C# cannot name is known as.
    private static Type Unnamed(Type type)
    {
        foreach (var wanted in new[] { typeof(IGrouping<,>), typeof(IEnumerable<>) })
            foreach (var face in type.GetInterfaces())
                if (face.IsGenericType && face.GetGenericTypeDefinition() == wanted) return face;
        return null;
    }

    private static JToken Number(object value, bool top)
    {
        var culture = CultureInfo.InvariantCulture;
        string text;
        if (value is double) text = ((double)value).ToString("R", culture);
        else if (value is float) text = ((float)value).ToString("R", culture);
        else text = Convert.ToString(value, culture);
        if (top) return text;
        double parsed;
        long whole;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out whole)) return new JValue(whole);
        if (double.TryParse(text, NumberStyles.Float, culture, out parsed) && !double.IsInfinity(parsed) && !double.IsNaN(parsed))
            return new JValue(parsed);
        return text;
    }

    private static JToken Show(object value, bool top, int depth)
    {
        if (depth > Deepest) throw new InvalidOperationException("too deep to show");
        if (value == null) return JValue.CreateNull();
        if (value is string) return (string)value;
        if (value is bool) return (bool)value;
        if (value is Enum || value is char || value is Guid) return value.ToString();
        if (value is double || value is float || value is decimal || value is byte || value is sbyte || value is short
            || value is ushort || value is int || value is uint || value is long || value is ulong)
            return Number(value, top);
        if (value is DateTime) return ((DateTime)value).ToString("o", CultureInfo.InvariantCulture);
        if (value is DateTimeOffset) return ((DateTimeOffset)value).ToString("o", CultureInfo.InvariantCulture);
        if (value is TimeSpan) return ((TimeSpan)value).ToString("c");
        if (value is byte[]) return Convert.ToBase64String((byte[])value);
        if (value is JToken) return ((JToken)value).ToString(Formatting.None);
        if (value is XElement || value is XDocument) return ((XNode)value).ToString(SaveOptions.DisableFormatting);
        if (value is IUrl || value is Uri) return value.ToString();
        if (value is IResponse || value is IMessageBody || value is Jwt || value is Authorization
            || value is BasicAuthCredentials)
            return JValue.CreateNull();
        var type = value.GetType();
        if (IsAnonymous(type)) return Members(value, type, type.GetProperties().Select(one => one.Name), depth);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
            return Members(value, type, new[] { "Key", "Value" }, depth);
        var entries = value as IDictionary;
        if (entries != null)
        {
            var shown = new JObject();
            foreach (DictionaryEntry entry in entries)
                shown[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)] = Show(entry.Value, false, depth + 1);
            return shown;
        }
        if (value is IEnumerable && !(value is XNode))
        {
            var shown = new JArray();
            foreach (var item in (IEnumerable)value) shown.Add(Show(item, false, depth + 1));
            return shown;
        }
        return Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private static JToken Members(object value, Type type, IEnumerable<string> names, int depth)
    {
        var shown = new JObject();
        foreach (var name in names) shown[name] = Show(type.GetProperty(name).GetValue(value, null), false, depth + 1);
        return shown;
    }
}
