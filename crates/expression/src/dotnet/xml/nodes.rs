//! `XObject`, `XNode` and the nodes without children.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

use super::content::{insert, plain, set_text};
use super::tree::{Content, Node};
use super::{ELEMENT, NODE, ancestors, elements, optional, sequence, spend_on_siblings, this, wanted, write};

static NODE_TYPE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Xml.XmlNodeType",
    &[
        ("None", 0),
        ("Element", 1),
        ("Attribute", 2),
        ("Text", 3),
        ("CDATA", 4),
        ("EntityReference", 5),
        ("Entity", 6),
        ("ProcessingInstruction", 7),
        ("Comment", 8),
        ("Document", 9),
        ("DocumentType", 10),
        ("DocumentFragment", 11),
        ("Notation", 12),
        ("Whitespace", 13),
        ("SignificantWhitespace", 14),
        ("EndElement", 15),
        ("EndEntity", 16),
        ("XmlDeclaration", 17),
    ],
);
static SAVE_OPTIONS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Xml.Linq.SaveOptions",
    &[("None", 0), ("DisableFormatting", 1), ("OmitDuplicateNamespaces", 2)],
);
static LOAD_OPTIONS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Xml.Linq.LoadOptions",
    &[("None", 0), ("PreserveWhitespace", 1), ("SetBaseUri", 2), ("SetLineInfo", 4)],
);

static X_OBJECT: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XObject").members(&[
    impure("XElement Parent", |call| {
        Ok(optional(this(call)?.parent().filter(|parent| parent.as_element().is_some())))
    }),
    impure("XDocument Document", |call| {
        let root = std::iter::successors(Some(this(call)?.clone()), Node::parent).last();
        Ok(optional(root.filter(|root| matches!(root.content(), Content::Document { .. }))))
    }),
    pure("XmlNodeType NodeType", |call| {
        let number = match this(call)?.content() {
            Content::Element(_) => 1,
            Content::Attribute { .. } => 2,
            Content::Text(_) => 3,
            Content::CData(_) => 4,
            Content::Instruction { .. } => 7,
            Content::Comment(_) => 8,
            Content::Document { .. } => 9,
            Content::DocumentType(_) => 10,
        };
        Ok(Value::enumeration(&NODE_TYPE, number))
    }),
]);

static X_NODE: TypeDeclaration = TypeDeclaration::class(NODE).base("XObject").members(&[
    impure("XNode NextNode", |call| next(call, 1)),
    impure("XNode PreviousNode", |call| next(call, -1)),
    impure("IEnumerable<XElement> Ancestors()", around),
    impure("IEnumerable<XElement> Ancestors(XName name)", around),
    impure("IEnumerable<XElement> ElementsAfterSelf()", |call| beside(call, true)),
    impure("IEnumerable<XElement> ElementsAfterSelf(XName name)", |call| beside(call, true)),
    impure("IEnumerable<XElement> ElementsBeforeSelf()", |call| beside(call, false)),
    impure("IEnumerable<XElement> ElementsBeforeSelf(XName name)", |call| beside(call, false)),
    impure("IEnumerable<XNode> NodesAfterSelf()", |call| {
        let nodes = siblings(this(call)?, true);
        sequence(call, NODE, nodes)
    }),
    impure("IEnumerable<XNode> NodesBeforeSelf()", |call| {
        let nodes = siblings(this(call)?, false);
        sequence(call, NODE, nodes)
    }),
    impure("void AddAfterSelf(params object[] content)", |call| add_beside(call, 1)),
    impure("void AddBeforeSelf(params object[] content)", |call| add_beside(call, 0)),
    impure("void ReplaceWith(params object[] content)", |call| {
        let node = this(call)?.clone();
        add_beside(call, 1)?;
        node.detach();
        Ok(Value::Null)
    }),
    impure("void Remove()", |call| {
        spend_on_siblings(call)?;
        let node = this(call)?;
        if node.parent().is_none() {
            return Err(Exception::invalid_operation("The parent is missing."));
        }
        node.detach();
        Ok(Value::Null)
    }),
    pure("static bool DeepEquals(XNode n1, XNode n2)", |call| {
        let (left, right) = (call.argument(0).downcast::<Node>(), call.argument(1).downcast::<Node>());
        Ok(Value::Boolean(match (left, right) {
            (Some(left), Some(right)) => left.deep_equals(right),
            (None, None) => true,
            _ => false,
        }))
    }),
    impure("string ToString()", |call| shown(call, true)),
    impure("string ToString(SaveOptions options)", |call| {
        let indent = call.enumeration(0) & 1 == 0;
        shown(call, indent)
    }),
]);

static X_TEXT: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XText").base("XNode").members(&[
    impure("new(string value)", |call| Ok(plain(Content::Text, &call.text(0)?))),
    impure("string Value", inner_text),
    impure("set string Value", set_value),
]);

static X_CDATA: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XCData")
    .base("XText")
    .members(&[impure("new(string value)", |call| Ok(plain(Content::CData, &call.text(0)?)))]);

static X_COMMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XComment").base("XNode").members(&[
        impure("new(string value)", |call| Ok(plain(Content::Comment, &call.text(0)?))),
        impure("string Value", |call| match this(call)?.content() {
            Content::Comment(text) => Ok(Value::from(text.lock().as_str())),
            _ => Ok(Value::Null),
        }),
        impure("set string Value", set_value),
    ]);

static X_INSTRUCTION: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XProcessingInstruction").base("XNode").members(&[
        impure("new(string target, string data)", |call| {
            let data = parking_lot::Mutex::new(call.text(1)?.to_string());
            Ok(Node::new(Content::Instruction { target: call.text(0)?.to_string(), data }).value())
        }),
        impure("string Target", |call| match this(call)?.content() {
            Content::Instruction { target, .. } => Ok(Value::from(target.as_str())),
            _ => Ok(Value::Null),
        }),
        impure("string Data", |call| match this(call)?.content() {
            Content::Instruction { data, .. } => Ok(Value::from(data.lock().as_str())),
            _ => Ok(Value::Null),
        }),
        impure("set string Data", set_value),
    ]);

static X_DOCUMENT_TYPE: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XDocumentType").base("XNode").members(&[impure(
        "new(string name, string publicId, string systemId, string internalSubset)",
        |call| {
            let mut text = call.text(0)?.to_string();
            match (call.text_or_null(1), call.text_or_null(2)) {
                (Some(public), system) => {
                    text.push_str(&format!(" PUBLIC \"{public}\" \"{}\"", system.as_deref().unwrap_or("")));
                }
                (None, Some(system)) => text.push_str(&format!(" SYSTEM \"{system}\"")),
                (None, None) => {}
            }
            if let Some(subset) = call.text_or_null(3) {
                text.push_str(&format!("[{subset}]"));
            }
            Ok(Node::new(Content::DocumentType(text)).value())
        },
    )]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[
    &NODE_TYPE,
    &SAVE_OPTIONS,
    &LOAD_OPTIONS,
    &X_OBJECT,
    &X_NODE,
    &X_TEXT,
    &X_CDATA,
    &X_COMMENT,
    &X_INSTRUCTION,
    &X_DOCUMENT_TYPE,
];

fn shown(call: &mut Call<'_>, indent: bool) -> Result<Value, Exception> {
    let size = this(call)?.size();
    call.budget().steps(1 + size as u64)?;
    let text = write::text(this(call)?, indent);
    call.budget().allocate(text.len())?;
    Ok(Value::from(text))
}

/// `Value` of elements, attributes and text.
pub(super) fn inner_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let size = this(call)?.size();
    call.budget().steps(1 + size as u64 / 4)?;
    let text = this(call)?.inner_text();
    call.budget().allocate(text.len())?;
    Ok(Value::from(text))
}

/// The setter of `Value`.
pub(super) fn set_value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    call.budget().allocate(text.len())?;
    set_text(this(call)?, &text)?;
    Ok(Value::Null)
}

fn next(call: &mut Call<'_>, step: isize) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    Ok(optional(sibling(this(call)?, step)))
}

fn sibling(node: &Node, step: isize) -> Option<Node> {
    let (parent, at) = node.position()?;
    parent.children().get(at.checked_add_signed(step)?).cloned()
}

fn siblings(node: &Node, after: bool) -> Vec<Node> {
    let Some((parent, at)) = node.position() else { return Vec::new() };
    let mut all = parent.children();
    let mut behind = all.split_off(at.min(all.len()));
    if after { behind.split_off(1.min(behind.len())) } else { all }
}

fn beside(call: &mut Call<'_>, after: bool) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let name = wanted(call, 0)?;
    let nodes = elements(siblings(this(call)?, after), name.as_ref());
    sequence(call, ELEMENT, nodes)
}

fn around(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = wanted(call, 0)?;
    let nodes = elements(ancestors(this(call)?), name.as_ref());
    sequence(call, ELEMENT, nodes)
}

/// Adds content before (0) or after (1) a node.
fn add_beside(call: &mut Call<'_>, offset: usize) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let Some((parent, at)) = this(call)?.position() else {
        return Err(Exception::invalid_operation("The parent is missing."));
    };
    let content = call.argument(0).clone();
    insert(call, &parent, at + offset, &content)?;
    Ok(Value::Null)
}
