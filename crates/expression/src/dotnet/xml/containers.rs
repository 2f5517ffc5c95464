//! `XContainer`, `XDocument` and `XDeclaration`.

use std::any::Any;

use parking_lot::Mutex;

use super::content::{add, insert};
use super::read::{self, Reading};
use super::tree::{Content, Declaration, Node};
use super::walk::{Axis, Wanted, walk};
use super::write;
use super::{ELEMENT, NODE, elements_wanted, optional, spend, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

static X_CONTAINER: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XContainer").base("XNode").members(&[
        impure("XElement Element(XName name)", |call| {
            let Some(Wanted::Named(name)) = elements_wanted(call, 0) else { return Ok(Value::Null) };
            Ok(optional(first_element(call, |node| node.has_name(&name))?))
        }),
        impure("IEnumerable<XElement> Elements()", |call| elements(call, Axis::Children)),
        impure("IEnumerable<XElement> Elements(XName name)", |call| elements(call, Axis::Children)),
        impure("IEnumerable<XElement> Descendants()", |call| elements(call, Axis::Below)),
        impure("IEnumerable<XElement> Descendants(XName name)", |call| elements(call, Axis::Below)),
        impure("IEnumerable<XNode> Nodes()", |call| {
            Ok(walk(NODE, Axis::Children, this(call)?.clone(), Some(Wanted::Nodes)))
        }),
        impure("IEnumerable<XNode> DescendantNodes()", |call| {
            Ok(walk(NODE, Axis::Below, this(call)?.clone(), Some(Wanted::Nodes)))
        }),
        impure("XNode FirstNode", |call| Ok(optional(this(call)?.child(0)))),
        impure("XNode LastNode", |call| {
            let node = this(call)?;
            Ok(optional(node.child_count().checked_sub(1).and_then(|last| node.child(last))))
        }),
        impure("void Add(object content)", add_at_end),
        impure("void Add(params object[] content)", add_at_end),
        impure("void AddFirst(object content)", add_at_start),
        impure("void AddFirst(params object[] content)", add_at_start),
        impure("void RemoveNodes()", remove_nodes),
        impure("void ReplaceNodes(object content)", replace_nodes),
        impure("void ReplaceNodes(params object[] content)", replace_nodes),
    ]);

static X_DOCUMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XDocument").base("XContainer").members(&[
        impure("new()", |_| Ok(Node::document().value())),
        impure("new(params object[] content)", |call| {
            let content = call.argument(0).clone();
            document_of(call, None, &content)
        }),
        impure("new(XDeclaration declaration, params object[] content)", |call| {
            let declaration = declaration_argument(call);
            let content = call.argument(1).clone();
            document_of(call, declaration, &content)
        }),
        impure("new(XDocument other)", |call| {
            let other = call.object_argument::<Node>(0)?.clone();
            call.budget().allocate(other.size().saturating_mul(read::NODE))?;
            Ok(other.copy().value())
        }),
        impure("static XDocument Parse(string text)", parse),
        impure("static XDocument Parse(string text, LoadOptions options)", parse),
        impure("XElement Root", |call| Ok(optional(first_element(call, |_| true)?))),
        impure("XDocumentType DocumentType", |call| {
            let children = this(call)?.children();
            let found =
                children.into_iter().find(|child| matches!(child.content(), Content::DocumentType(_)));
            Ok(optional(found))
        }),
        impure("XDeclaration Declaration", |call| match this(call)?.content() {
            Content::Document { declaration, .. } => {
                Ok(declaration.lock().clone().map_or(Value::Null, declaration_value))
            }
            _ => Ok(Value::Null),
        }),
        impure("set XDeclaration Declaration", |call| {
            let new = declaration_argument(call);
            if let Content::Document { declaration, .. } = this(call)?.content() {
                *declaration.lock() = new;
            }
            Ok(Value::Null)
        }),
        impure("void Save(System.IO.TextWriter textWriter)", save),
        impure("void Save(System.IO.TextWriter textWriter, SaveOptions options)", save),
    ]);

static X_DECLARATION: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XDeclaration").members(&[
    impure("new(string version, string encoding, string standalone)", |call| {
        let part = |at: usize| call.text_or_null(at).map(|text| text.to_string());
        Ok(declaration_value(Declaration { version: part(0), encoding: part(1), standalone: part(2) }))
    }),
    impure("new(XDeclaration other)", |call| {
        let other = call.object_argument::<Declared>(0)?.0.lock().clone();
        Ok(declaration_value(other))
    }),
    impure("string Version", |call| Ok(Value::from(call.object::<Declared>()?.0.lock().version.clone()))),
    impure("set string Version", |call| {
        call.object::<Declared>()?.0.lock().version = call.text_or_null(0).map(|text| text.to_string());
        Ok(Value::Null)
    }),
    impure("string Encoding", |call| Ok(Value::from(call.object::<Declared>()?.0.lock().encoding.clone()))),
    impure("set string Encoding", |call| {
        call.object::<Declared>()?.0.lock().encoding = call.text_or_null(0).map(|text| text.to_string());
        Ok(Value::Null)
    }),
    impure("string Standalone", |call| {
        Ok(Value::from(call.object::<Declared>()?.0.lock().standalone.clone()))
    }),
    impure("set string Standalone", |call| {
        call.object::<Declared>()?.0.lock().standalone = call.text_or_null(0).map(|text| text.to_string());
        Ok(Value::Null)
    }),
    impure("string ToString()", |call| {
        Ok(Value::from(write::declaration(&call.object::<Declared>()?.0.lock())))
    }),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&X_CONTAINER, &X_DOCUMENT, &X_DECLARATION];

/// An `XDeclaration`.
struct Declared(Mutex<Declaration>);

impl DotnetObject for Declared {
    fn type_of(&self) -> Type {
        Type::Named("System.Xml.Linq.XDeclaration")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        write::declaration(&self.0.lock())
    }
}

fn declaration_value(declaration: Declaration) -> Value {
    Value::object(Declared(Mutex::new(declaration)))
}

fn declaration_argument(call: &Call<'_>) -> Option<Declaration> {
    call.argument(0).downcast::<Declared>().map(|declared| declared.0.lock().clone())
}

fn document_of(
    call: &mut Call<'_>,
    declared: Option<Declaration>,
    content: &Value,
) -> Result<Value, Exception> {
    let document = Node::document();
    if let Content::Document { declaration, .. } = document.content() {
        *declaration.lock() = declared;
    }
    add(call, &document, content)?;
    Ok(document.value())
}

fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    parsed(call).map(Node::value)
}

/// The document that argument 0 holds as text; argument 1 are `LoadOptions`.
pub(super) fn parsed(call: &mut Call<'_>) -> Result<Node, Exception> {
    let text = call.text(0)?;
    let preserve = call.enumeration(1) & 1 == 1;
    read::document(&text, Reading { preserve, for_dom: false }, call.budget())
}

/// `Save` writes the declaration too: of the writer's encoding.
pub(super) fn save(call: &mut Call<'_>) -> Result<Value, Exception> {
    let target = call.argument(0).clone();
    if target.is_null() {
        return Err(call.null_argument(0));
    }
    let style = super::style_of(call.enumeration(1));
    let node = this(call)?.clone();
    spend(call, node.size())?;
    let declared = match node.content() {
        Content::Document { declaration, .. } => declaration.lock().clone(),
        _ => None,
    };
    let shown = Declaration {
        version: Some("1.0".to_owned()),
        encoding: Some("utf-16".to_owned()),
        standalone: declared.and_then(|declared| declared.standalone),
    };
    let line = if style.indent { "\n" } else { "" };
    let text = format!("{}{line}{}", write::declaration(&shown), write::text(&node, style)?);
    call.budget().allocate(text.len())?;
    crate::dotnet::virtual_call(&target, "Write", &[Type::String], &mut [Value::from(text)], call.machine())?;
    Ok(Value::Null)
}

fn first_element(call: &mut Call<'_>, fits: impl Fn(&Node) -> bool) -> Result<Option<Node>, Exception> {
    let children = this(call)?.children();
    spend(call, children.len() / 4)?;
    Ok(children.into_iter().find(|node| node.as_element().is_some() && fits(node)))
}

/// The elements on an axis, of the name in argument 0 when there is one.
pub(super) fn elements(call: &mut Call<'_>, axis: Axis) -> Result<Value, Exception> {
    let wanted = elements_wanted(call, 0);
    Ok(walk(ELEMENT, axis, this(call)?.clone(), wanted))
}

/// `Add`.
pub(super) fn add_at_end(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (node, content) = (this(call)?.clone(), call.argument(0).clone());
    add(call, &node, &content)?;
    Ok(Value::Null)
}

fn add_at_start(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (node, content) = (this(call)?.clone(), call.argument(0).clone());
    insert(call, &node, 0, &content)?;
    Ok(Value::Null)
}

/// `RemoveNodes`.
pub(super) fn remove_nodes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let count = this(call)?.child_count();
    spend(call, count)?;
    this(call)?.remove_children();
    Ok(Value::Null)
}

/// The new content is looked at before the old is gone: it may come from there.
fn replace_nodes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let content = super::collected(call, 0)?;
    remove_nodes(call)?;
    let node = this(call)?.clone();
    add(call, &node, &content)?;
    Ok(Value::Null)
}
