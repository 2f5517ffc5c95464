//! `XObject` and `XNode`.

use super::compare::{EqualityComparer, OrderComparer, compare_order, deep_equals, document_order};
use super::content::insert;
use super::tree::{Content, Node};
use super::walk::{Axis, Wanted, walk};
use super::write::{self, Style};
use super::{ELEMENT, NODE, elements_wanted, optional, spend, style_of, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

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
    impure("XDocument Document", |call| Ok(optional(Some(this(call)?.root()).filter(Node::is_document)))),
    pure("string BaseUri", |_| Ok(Value::from(""))),
    pure("XmlNodeType NodeType", |call| Ok(node_type(kind(this(call)?)))),
]);

static X_NODE: TypeDeclaration = TypeDeclaration::class(NODE).base("XObject").members(&[
    impure("XNode NextNode", |call| next(call, 1)),
    impure("XNode PreviousNode", |call| next(call, -1)),
    impure("static XNodeDocumentOrderComparer DocumentOrderComparer", |_| Ok(Value::object(OrderComparer))),
    impure("static XNodeEqualityComparer EqualityComparer", |_| Ok(Value::object(EqualityComparer))),
    impure("static int CompareDocumentOrder(XNode n1, XNode n2)", compare_order),
    impure("static bool DeepEquals(XNode n1, XNode n2)", deep_equals),
    impure("bool IsAfter(XNode node)", |call| is_placed(call, std::cmp::Ordering::Greater)),
    impure("bool IsBefore(XNode node)", |call| is_placed(call, std::cmp::Ordering::Less)),
    impure("static XNode ReadFrom(System.Xml.XmlReader reader)", super::reader::read_from),
    impure("System.Xml.XmlReader CreateReader()", super::reader::over_node),
    impure("IEnumerable<XElement> Ancestors()", |call| elements(call, Axis::Around)),
    impure("IEnumerable<XElement> Ancestors(XName name)", |call| elements(call, Axis::Around)),
    impure("IEnumerable<XElement> ElementsAfterSelf()", |call| elements(call, Axis::After)),
    impure("IEnumerable<XElement> ElementsAfterSelf(XName name)", |call| elements(call, Axis::After)),
    impure("IEnumerable<XElement> ElementsBeforeSelf()", |call| elements(call, Axis::Before)),
    impure("IEnumerable<XElement> ElementsBeforeSelf(XName name)", |call| elements(call, Axis::Before)),
    impure("IEnumerable<XNode> NodesAfterSelf()", |call| {
        Ok(walk(NODE, Axis::After, this(call)?.clone(), Some(Wanted::Nodes)))
    }),
    impure("IEnumerable<XNode> NodesBeforeSelf()", |call| {
        Ok(walk(NODE, Axis::Before, this(call)?.clone(), Some(Wanted::Nodes)))
    }),
    impure("void AddAfterSelf(object content)", |call| add_beside(call, 1)),
    impure("void AddAfterSelf(params object[] content)", |call| add_beside(call, 1)),
    impure("void AddBeforeSelf(object content)", |call| add_beside(call, 0)),
    impure("void AddBeforeSelf(params object[] content)", |call| add_beside(call, 0)),
    impure("void ReplaceWith(object content)", replace_with),
    impure("void ReplaceWith(params object[] content)", replace_with),
    impure("void Remove()", remove),
    impure("string ToString()", |call| shown(call, Style::INDENTED)),
    impure("string ToString(SaveOptions options)", |call| {
        let style = style_of(call.enumeration(0));
        shown(call, style)
    }),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&NODE_TYPE, &SAVE_OPTIONS, &LOAD_OPTIONS, &X_OBJECT, &X_NODE];

/// An `XmlNodeType`.
pub(super) fn node_type(number: i64) -> Value {
    Value::enumeration(&NODE_TYPE, number)
}

/// The `XmlNodeType` of a node by its number.
pub(super) fn kind(node: &Node) -> i64 {
    match node.content() {
        Content::Element(_) => 1,
        Content::Attribute { .. } => 2,
        Content::Text(_) => 3,
        Content::CData(_) => 4,
        Content::Instruction { .. } => 7,
        Content::Comment(_) => 8,
        Content::Document { .. } => 9,
        Content::DocumentType(_) => 10,
        Content::Declaration(_) => 17,
    }
}

fn shown(call: &mut Call<'_>, style: Style) -> Result<Value, Exception> {
    let size = this(call)?.size();
    spend(call, size)?;
    let text = write::text(this(call)?, style)?;
    call.budget().allocate(text.len())?;
    Ok(Value::from(text))
}

/// Pays for a search among the siblings of the receiver.
fn spend_on_siblings(call: &mut Call<'_>) -> Result<(), Exception> {
    let siblings = this(call)?.parent().map_or(0, |parent| parent.child_count());
    spend(call, siblings / 8)
}

fn next(call: &mut Call<'_>, step: isize) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    Ok(optional(this(call)?.sibling(step)))
}

fn elements(call: &mut Call<'_>, axis: Axis) -> Result<Value, Exception> {
    let wanted = elements_wanted(call, 0);
    Ok(walk(ELEMENT, axis, this(call)?.clone(), wanted))
}

fn is_placed(call: &mut Call<'_>, wanted: std::cmp::Ordering) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let Some(other) = call.argument(0).downcast::<Node>() else {
        return Ok(Value::Boolean(wanted == std::cmp::Ordering::Greater));
    };
    Ok(Value::Boolean(document_order(this(call)?, other)? == wanted))
}

fn without_parent() -> Exception {
    Exception::invalid_operation("The parent is missing.")
}

/// Adds content before (0) or after (1) a node.
fn add_beside(call: &mut Call<'_>, offset: usize) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let Some((parent, at)) = this(call)?.position(0) else { return Err(without_parent()) };
    let content = call.argument(0).clone();
    insert(call, &parent, at + offset, &content)?;
    Ok(Value::Null)
}

fn replace_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let Some((parent, at)) = this(call)?.position(0) else { return Err(without_parent()) };
    let content = super::collected(call, 0)?;
    this(call)?.detach();
    insert(call, &parent, at, &content)?;
    Ok(Value::Null)
}

/// `Remove()` of nodes and attributes.
pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    spend_on_siblings(call)?;
    let node = this(call)?;
    if node.parent().is_none() {
        return Err(without_parent());
    }
    node.detach();
    Ok(Value::Null)
}
