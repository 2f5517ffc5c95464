// Converts documents with Newtonsoft.Json: `Conversions.exe json|xml documents.jsonl answers.jsonl`, each line a JSON string in, and
// `{"value": …}` or `{"error": type}` out.
using System;
using System.IO;
using System.Xml;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public static class Conversions
{
    public static void Main(string[] arguments)
    {
        var toJson = arguments[0] == "json";
        using (var output = new StreamWriter(arguments[2]))
        {
            foreach (var line in File.ReadLines(arguments[1]))
            {
                var document = (string)((JValue)JToken.Parse("[" + line + "]")[0]).Value;
                output.WriteLine(Answer(document, toJson).ToString(Newtonsoft.Json.Formatting.None));
            }
        }
    }

    static JObject Answer(string document, bool toJson)
    {
        try
        {
            return new JObject(new JProperty("value", toJson ? ToJson(document) : ToXml(document)));
        }
        catch (Exception exception)
        {
            return new JObject(new JProperty("error", exception.GetType().FullName));
        }
    }

    static string ToJson(string document)
    {
        var xml = new XmlDocument();
        xml.LoadXml(document);
        // Comments become comments, which JSON does not have: both sides leave them out.
        foreach (XmlNode comment in xml.SelectNodes("//comment()"))
        {
            comment.ParentNode.RemoveChild(comment);
        }
        if (xml.DocumentType != null)
        {
            xml.RemoveChild(xml.DocumentType);
        }
        return JsonConvert.SerializeXmlNode(xml);
    }

    static string ToXml(string document)
    {
        return JsonConvert.DeserializeXmlNode(document).OuterXml;
    }
}
