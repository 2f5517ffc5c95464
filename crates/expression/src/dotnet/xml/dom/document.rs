//! `XmlDocument`.

use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use super::super::read;
use super::super::spend;
use super::super::tree::{Content, Declaration, Node};
use super::super::write::{self, Style};
use super::element::by_tag_name;
use super::namespaces::NameTable;
use super::{Dom, name_of, text_or_empty, this};
use crate::call::Call;
use crate::dotnet::virtual_call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{Text, Value};

pub(super) static XML_DOCUMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlDocument").base("XmlNode").members(&[
        impure("new()", |_| Ok(Dom::document())),
        impure("new(XmlNameTable nt)", |_| Ok(Dom::document())),
        impure("void LoadXml(string xml)", |call| {
            let text = call.text(0)?;
            load(call, &text)
        }),
        impure("void Load(System.IO.TextReader txtReader)", |call| {
            let source = call.argument(0).clone();
            if source.is_null() {
                return Err(call.null_argument(0));
            }
            let text = virtual_call(&source, "ReadToEnd", &[], &mut [], call.machine())?;
            let text = text.as_ref().and_then(Value::as_text).cloned().unwrap_or_else(Text::empty);
            load(call, &text)
        }),
        impure("XmlElement DocumentElement", |call| {
            let dom = this(call)?;
            Ok(dom.optional(dom.node.children().into_iter().find(|child| child.as_element().is_some())))
        }),
        impure("XmlDocumentType DocumentType", |call| {
            let dom = this(call)?;
            let is_type = |child: &Node| matches!(child.content(), Content::DocumentType(_));
            Ok(dom.optional(dom.node.children().into_iter().find(is_type)))
        }),
        impure("bool PreserveWhitespace", |call| Ok(Value::Boolean(this(call)?.preserves_space()))),
        impure("set bool PreserveWhitespace", |call| {
            let preserves = call.boolean(0);
            this(call)?.owner.preserves_space.store(preserves, Ordering::Relaxed);
            Ok(Value::Null)
        }),
        // Nothing outside the document is read in any case.
        impure("set object XmlResolver", |_| Ok(Value::Null)),
        impure("XmlNameTable NameTable", |_| Ok(Value::object(NameTable))),
        impure("XmlElement CreateElement(string name)", |call| {
            let name = name_of(&call.text(0)?, "")?;
            Ok(this(call)?.beside(Node::element(name)))
        }),
        impure("XmlElement CreateElement(string qualifiedName, string namespaceURI)", |call| {
            let name = name_of(&call.text(0)?, &text_or_empty(call, 1))?;
            Ok(this(call)?.beside(Node::element(name)))
        }),
        impure("XmlElement CreateElement(string prefix, string localName, string namespaceURI)", |call| {
            let name = three_part_name(call)?;
            Ok(this(call)?.beside(Node::element(name)))
        }),
        impure("XmlAttribute CreateAttribute(string name)", |call| {
            let name = name_of(&call.text(0)?, "")?;
            Ok(this(call)?.beside(Node::attribute(name, "")))
        }),
        impure("XmlAttribute CreateAttribute(string qualifiedName, string namespaceURI)", |call| {
            let name = name_of(&call.text(0)?, &text_or_empty(call, 1))?;
            Ok(this(call)?.beside(Node::attribute(name, "")))
        }),
        impure("XmlAttribute CreateAttribute(string prefix, string localName, string namespaceURI)", |call| {
            let name = three_part_name(call)?;
            Ok(this(call)?.beside(Node::attribute(name, "")))
        }),
        impure("XmlText CreateTextNode(string text)", |call| plain(call, Content::Text)),
        impure("XmlCDataSection CreateCDataSection(string data)", |call| plain(call, Content::CData)),
        impure("XmlComment CreateComment(string data)", |call| plain(call, Content::Comment)),
        impure("XmlProcessingInstruction CreateProcessingInstruction(string target, string data)", |call| {
            let target = Mutex::new(call.text(0)?.to_string());
            let data = Mutex::new(text_or_empty(call, 1).to_string());
            Ok(this(call)?.beside(Node::new(Content::Instruction { target, data })))
        }),
        impure(
            "XmlDeclaration CreateXmlDeclaration(string version, string encoding, string standalone)",
            |call| {
                let version = call.text(0)?;
                let is_version = version.strip_prefix("1.").is_some_and(|minor| {
                    !minor.is_empty() && minor.bytes().all(|digit| digit.is_ascii_digit())
                });
                if !is_version {
                    let message = "Wrong XML version information. The XML must match production \"VersionNum ::= '1.' [0-9]+\".";
                    return Err(Exception::argument(message, ""));
                }
                let part = |at: usize| {
                    call.text_or_null(at).filter(|text| !text.is_empty()).map(|text| text.to_string())
                };
                let found = Declaration {
                    version: Some(version.to_string()),
                    encoding: part(1),
                    standalone: part(2),
                };
                Ok(this(call)?.beside(Node::new(Content::Declaration(Mutex::new(found)))))
            },
        ),
        impure("XmlNode ImportNode(XmlNode node, bool deep)", |call| {
            let other = call.object_argument::<Dom>(0)?.clone();
            if other.node.is_document() {
                return Err(Exception::invalid_operation("Cannot import nodes of type 'Document'."));
            }
            call.budget().allocate(other.node.size().saturating_mul(read::NODE))?;
            let copied = if call.boolean(1) { other.node.copy() } else { other.node.shallow_copy() };
            Ok(this(call)?.beside(copied))
        }),
        impure("XmlNodeList GetElementsByTagName(string name)", by_tag_name),
        impure("XmlNodeList GetElementsByTagName(string localName, string namespaceURI)", by_tag_name),
        impure("void Save(System.IO.TextWriter writer)", |call| {
            let target = call.argument(0).clone();
            if target.is_null() {
                return Err(call.null_argument(0));
            }
            let dom = this(call)?.clone();
            spend(call, dom.node.size())?;
            let style = Style { indent: !dom.preserves_space(), own_prefixes: true, ..Style::default() };
            let text = write::text(&dom.node, style)?;
            call.budget().allocate(text.len())?;
            virtual_call(&target, "Write", &[Type::String], &mut [Value::from(text)], call.machine())?;
            Ok(Value::Null)
        }),
    ]);

fn three_part_name(call: &Call<'_>) -> Result<super::Name, Exception> {
    let prefix = text_or_empty(call, 0);
    let (local, namespace) = (call.text(1)?, text_or_empty(call, 2));
    let qualified = if prefix.is_empty() { local.to_string() } else { format!("{prefix}:{local}") };
    name_of(&qualified, &namespace)
}

fn plain(call: &mut Call<'_>, content: fn(Mutex<String>) -> Content) -> Result<Value, Exception> {
    let text = text_or_empty(call, 0);
    call.budget().allocate(text.len())?;
    Ok(this(call)?.beside(Node::new(content(Mutex::new(text.to_string())))))
}

fn load(call: &mut Call<'_>, text: &str) -> Result<Value, Exception> {
    let dom = this(call)?.clone();
    let reading = read::Reading { preserve: dom.preserves_space(), for_dom: true };
    let read = read::document(text, reading, call.budget())?;
    take_over(&dom, &read)
}

/// What was read becomes the content of the document.
pub(super) fn take_over(dom: &Dom, read: &Node) -> Result<Value, Exception> {
    dom.node.remove_children();
    for child in read.children() {
        child.detach();
        dom.node.push(child)?;
    }
    Ok(Value::Null)
}
