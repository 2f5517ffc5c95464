//! `XmlReader` over a text, and `XNode.ReadFrom`.

use std::any::Any;

use parking_lot::Mutex;

use super::chars::is_blank;
use super::nodes::node_type;
use super::pull::{Current, Pull};
use super::read::{Builder, Reading};
use super::tree::{Content, Node};
use super::write::{self, Style};
use super::{optional, this};
use crate::call::Call;
use crate::dotnet::virtual_call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

const FULL_NAME: &str = "System.Xml.XmlReader";

static READ_STATE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Xml.ReadState",
    &[("Initial", 0), ("Interactive", 1), ("Error", 2), ("EndOfFile", 3), ("Closed", 4)],
);

static DTD_PROCESSING: TypeDeclaration =
    TypeDeclaration::enumeration("System.Xml.DtdProcessing", &[("Prohibit", 0), ("Ignore", 1), ("Parse", 2)]);

static SETTINGS: TypeDeclaration = TypeDeclaration::class("System.Xml.XmlReaderSettings").members(&[
    impure("new()", |_| Ok(Value::object(Settings::default()))),
    impure("bool IgnoreWhitespace", |call| setting(call, |options| Value::Boolean(options.ignore_space))),
    impure("set bool IgnoreWhitespace", |call| set(call, |options, value| options.ignore_space = value)),
    impure("bool IgnoreComments", |call| setting(call, |options| Value::Boolean(options.ignore_comments))),
    impure("set bool IgnoreComments", |call| set(call, |options, value| options.ignore_comments = value)),
    impure("bool IgnoreProcessingInstructions", |call| {
        setting(call, |options| Value::Boolean(options.ignore_instructions))
    }),
    impure("set bool IgnoreProcessingInstructions", |call| {
        set(call, |options, value| options.ignore_instructions = value)
    }),
    impure("DtdProcessing DtdProcessing", |call| {
        setting(call, |options| Value::enumeration(&DTD_PROCESSING, options.document_types))
    }),
    impure("set DtdProcessing DtdProcessing", |call| {
        call.object::<Settings>()?.0.lock().document_types = call.enumeration(0);
        Ok(Value::Null)
    }),
]);

static READER: TypeDeclaration =
    TypeDeclaration::class(FULL_NAME).interfaces(&["System.IDisposable"]).members(&[
        impure("static XmlReader Create(System.IO.TextReader input)", create),
        impure("static XmlReader Create(System.IO.TextReader input, XmlReaderSettings settings)", create),
        impure("bool Read()", |call| with(call, |pull, call| pull.read(call.budget()).map(Value::Boolean))),
        impure("XmlNodeType MoveToContent()", |call| {
            with(call, |pull, call| pull.move_to_content(call.budget()).map(node_type))
        }),
        impure("bool IsStartElement()", |call| {
            with(call, |pull, call| Ok(Value::Boolean(pull.move_to_content(call.budget())? == 1)))
        }),
        impure("bool IsStartElement(string name)", |call| {
            let name = call.text(0)?;
            with(call, |pull, call| {
                let is_element = pull.move_to_content(call.budget())? == 1;
                Ok(Value::Boolean(is_element && pull.current.name == *name))
            })
        }),
        impure("bool EOF", |call| with(call, |pull, _| Ok(Value::Boolean(pull.is_at_end())))),
        impure("ReadState ReadState", |call| {
            with(call, |pull, _| Ok(Value::enumeration(&READ_STATE, pull.state as i64)))
        }),
        impure("XmlNodeType NodeType", |call| with(call, |pull, _| Ok(node_type(pull.seen().kind)))),
        impure("string Name", |call| with(call, |pull, _| Ok(Value::from(pull.seen().name.as_str())))),
        impure("string LocalName", |call| with(call, |pull, _| Ok(Value::from(local_of(&pull.seen().name))))),
        impure("string Prefix", |call| {
            with(call, |pull, _| {
                Ok(Value::from(pull.seen().name.split_once(':').map_or("", |(prefix, _)| prefix)))
            })
        }),
        impure("string NamespaceURI", |call| with(call, |pull, _| Ok(Value::from(pull.namespace_of_seen())))),
        impure("string Value", |call| with(call, |pull, _| Ok(Value::from(pull.seen().value.as_str())))),
        impure("bool HasValue", |call| {
            with(call, |pull, _| {
                Ok(Value::Boolean(matches!(pull.seen().kind, 2..=4 | 7 | 8 | 10 | 13 | 14 | 17)))
            })
        }),
        impure("int Depth", |call| with(call, |pull, _| Ok(count(pull.seen().depth)))),
        impure("bool IsEmptyElement", |call| with(call, |pull, _| Ok(Value::Boolean(pull.seen().is_empty)))),
        impure("bool HasAttributes", |call| {
            with(call, |pull, _| Ok(Value::Boolean(!pull.current.attributes.is_empty())))
        }),
        impure("int AttributeCount", |call| with(call, |pull, _| Ok(count(pull.current.attributes.len())))),
        impure("string GetAttribute(string name)", attribute_by_name),
        impure("string GetAttribute(string name, string namespaceURI)", |call| {
            let (name, namespace) = (call.text(0)?, call.text_or_null(1));
            with(call, |pull, _| {
                Ok(Value::from(pull.attribute_in(&name, namespace.as_deref().unwrap_or(""))))
            })
        }),
        impure("string GetAttribute(int i)", attribute_by_index),
        impure("string this[string name]", attribute_by_name),
        impure("string this[int i]", attribute_by_index),
        impure("bool MoveToAttribute(string name)", |call| {
            let name = call.text(0)?;
            with(call, |pull, _| Ok(Value::Boolean(pull.move_to_attribute(|known, _| known == &*name))))
        }),
        impure("bool MoveToFirstAttribute()", |call| {
            with(call, |pull, _| Ok(Value::Boolean(pull.move_to_attribute(|_, at| at == 0))))
        }),
        impure("bool MoveToNextAttribute()", |call| {
            with(call, |pull, _| {
                let next = pull.on_attribute.map_or(0, |at| at + 1);
                Ok(Value::Boolean(pull.move_to_attribute(|_, at| at == next)))
            })
        }),
        impure("bool MoveToElement()", |call| {
            with(call, |pull, _| Ok(Value::Boolean(pull.on_attribute.take().is_some())))
        }),
        impure("string LookupNamespace(string prefix)", |call| {
            let prefix = call.text(0)?;
            with(call, |pull, _| Ok(Value::from(pull.namespaces.of(&prefix).map(str::to_owned))))
        }),
        impure("void Skip()", |call| {
            with(call, |pull, call| {
                pull.skip(call.budget())?;
                Ok(Value::Null)
            })
        }),
        impure("bool ReadToFollowing(string name)", |call| {
            let name = call.text(0)?;
            with(call, |pull, call| {
                while pull.read(call.budget())? {
                    if pull.current.is_element(&name) {
                        return Ok(Value::Boolean(true));
                    }
                }
                Ok(Value::Boolean(false))
            })
        }),
        impure("bool ReadToDescendant(string name)", |call| {
            let name = call.text(0)?;
            with(call, |pull, call| pull.read_to_descendant(&name, call.budget()).map(Value::Boolean))
        }),
        impure("bool ReadToNextSibling(string name)", |call| {
            let name = call.text(0)?;
            with(call, |pull, call| pull.read_to_sibling(&name, call.budget()).map(Value::Boolean))
        }),
        impure("void ReadStartElement()", |call| read_start(call, None)),
        impure("void ReadStartElement(string name)", |call| {
            let name = call.text(0)?;
            read_start(call, Some(&name))
        }),
        impure("void ReadEndElement()", |call| {
            with(call, |pull, call| {
                if pull.move_to_content(call.budget())? != 15 {
                    return Err(pull.unexpected());
                }
                pull.read(call.budget())?;
                Ok(Value::Null)
            })
        }),
        impure("string ReadString()", |call| {
            with(call, |pull, call| pull.read_string(call.budget()).map(Value::from))
        }),
        impure("string ReadElementString()", |call| read_element(call, None)),
        impure("string ReadElementString(string name)", |call| {
            let name = call.text(0)?;
            read_element(call, Some(&name))
        }),
        impure("string ReadElementContentAsString()", |call| {
            with(call, |pull, call| pull.element_content(call.budget()).map(Value::from))
        }),
        impure("int ReadElementContentAsInt()", |call| content_as(call, super::casts::int)),
        impure("long ReadElementContentAsLong()", |call| content_as(call, super::casts::long)),
        impure("double ReadElementContentAsDouble()", |call| content_as(call, super::casts::double)),
        impure("decimal ReadElementContentAsDecimal()", |call| content_as(call, super::casts::decimal)),
        impure("bool ReadElementContentAsBoolean()", |call| content_as(call, super::casts::boolean)),
        impure("DateTime ReadElementContentAsDateTime()", |call| content_as(call, super::casts::date_time)),
        impure("string ReadContentAsString()", |call| {
            with(call, |pull, call| pull.content_text(call.budget()).map(Value::from))
        }),
        impure("string ReadInnerXml()", |call| read_markup(call, true)),
        impure("string ReadOuterXml()", |call| read_markup(call, false)),
        impure("void Close()", |call| with(call, |pull, _| Ok(pull.close()))),
        impure("void Dispose()", |call| with(call, |pull, _| Ok(pull.close()))),
    ]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&READER, &SETTINGS, &READ_STATE, &DTD_PROCESSING];

/// An `XmlReader`.
struct Reader(Mutex<Pull>);

impl DotnetObject for Reader {
    fn type_of(&self) -> Type {
        Type::Named(FULL_NAME)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What an `XmlReader` passes over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) ignore_space: bool,
    pub(super) ignore_comments: bool,
    pub(super) ignore_instructions: bool,
    /// `DtdProcessing` by its number.
    pub(super) document_types: i64,
}

#[derive(Default)]
struct Settings(Mutex<Options>);

impl DotnetObject for Settings {
    fn type_of(&self) -> Type {
        Type::Named(SETTINGS.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn setting(call: &mut Call<'_>, read: fn(&Options) -> Value) -> Result<Value, Exception> {
    Ok(read(&call.object::<Settings>()?.0.lock()))
}

fn set(call: &mut Call<'_>, write: fn(&mut Options, bool)) -> Result<Value, Exception> {
    let value = call.boolean(0);
    write(&mut call.object::<Settings>()?.0.lock(), value);
    Ok(Value::Null)
}

fn count(number: usize) -> Value {
    Value::Int32(i32::try_from(number).unwrap_or(i32::MAX))
}

fn local_of(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// Runs over the receiver's state.
fn with<T>(
    call: &mut Call<'_>,
    run: impl FnOnce(&mut Pull, &mut Call<'_>) -> Result<T, Exception>,
) -> Result<T, Exception> {
    let receiver = call.receiver().clone();
    let Some(reader) = receiver.downcast::<Reader>() else { return Err(call.mismatch(&receiver)) };
    run(&mut reader.0.lock(), call)
}

/// Takes all that the text reader still holds.
fn create(call: &mut Call<'_>) -> Result<Value, Exception> {
    let source = call.argument(0).clone();
    if source.is_null() {
        return Err(call.null_argument(0));
    }
    let options = match call.argument(1).downcast::<Settings>() {
        Some(settings) => *settings.0.lock(),
        None => Options::default(),
    };
    let text = virtual_call(&source, "ReadToEnd", &[], &mut [], call.machine())?;
    let text = text.as_ref().and_then(Value::as_text).cloned().unwrap_or_else(Text::empty);
    call.budget().allocate(text.len())?;
    Ok(Value::object(Reader(Mutex::new(Pull::new(&text, options)))))
}

/// `XNode.CreateReader()`.
pub(super) fn over_node(call: &mut Call<'_>) -> Result<Value, Exception> {
    let size = this(call)?.size();
    super::spend(call, size)?;
    let text = write::text(this(call)?, Style::default())?;
    call.budget().allocate(text.len())?;
    let options = Options { document_types: 2, ..Options::default() };
    Ok(Value::object(Reader(Mutex::new(Pull::new(&text, options)))))
}

/// `XNode.ReadFrom`: the node that the reader stands on; the reader goes on behind it.
pub(super) fn read_from(call: &mut Call<'_>) -> Result<Value, Exception> {
    let argument = call.argument(0).clone();
    if argument.is_null() {
        return Err(call.null_argument(0));
    }
    let Some(reader) = argument.downcast::<Reader>() else { return Err(call.mismatch(&argument)) };
    let mut pull = reader.0.lock();
    if !pull.is_interactive() {
        return Err(Exception::invalid_operation("The XmlReader state should be Interactive."));
    }
    let text = Mutex::new(pull.seen().value.clone());
    let content = match pull.seen().kind {
        1 => return Ok(optional(subtree(&mut pull, Reading { preserve: true, for_dom: false }, call)?)),
        3 | 13 | 14 => Content::Text(text),
        4 => Content::CData(text),
        7 => Content::Instruction { target: Mutex::new(pull.seen().name.clone()), data: text },
        8 => Content::Comment(text),
        10 => match pull.document_type.take() {
            Some(found) => Content::DocumentType(Mutex::new(found)),
            None => return Err(pull.unexpected()),
        },
        kind => {
            let name = call.text_of(&node_type(kind))?;
            let message = format!("The XmlReader should not be on a node of type {name}.");
            return Err(Exception::invalid_operation(message));
        }
    };
    pull.read(call.budget())?;
    Ok(Node::new(content).value())
}

/// The element that the reader stands on, as a tree; the reader goes on behind it.
fn subtree(pull: &mut Pull, reading: Reading, call: &mut Call<'_>) -> Result<Option<Node>, Exception> {
    let document = Node::document();
    let mut outer = pull.namespaces.clone();
    // The element declares its own namespaces again.
    outer.close();
    let mut builder = Builder::new(document.clone(), reading).with_namespaces(outer);
    let mut next = Some(pull.token_again());
    while let Some(token) = next {
        builder.take(pull.scanner(), token, call.budget())?;
        if builder.is_complete() {
            break;
        }
        next = pull.scanner_next(call.budget())?;
    }
    pull.leave_element();
    pull.read(call.budget())?;
    let root = document.child(0);
    if let Some(root) = &root {
        root.detach();
    }
    Ok(root)
}

fn attribute_by_name(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = call.text(0)?;
    with(call, |pull, _| {
        let found = pull.current.attributes.iter().find(|(known, _)| **known == *name);
        Ok(Value::from(found.map(|(_, value)| value.clone())))
    })
}

fn attribute_by_index(call: &mut Call<'_>) -> Result<Value, Exception> {
    let at = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
    with(call, |pull, _| {
        let found = pull.current.attributes.get(at);
        found
            .map(|(_, value)| Value::from(value.clone()))
            .ok_or_else(|| Exception::argument_out_of_range("i", ""))
    })
}

fn read_start(call: &mut Call<'_>, name: Option<&str>) -> Result<Value, Exception> {
    with(call, |pull, call| {
        pull.expect_element(name, call.budget())?;
        pull.read(call.budget())?;
        Ok(Value::Null)
    })
}

fn read_element(call: &mut Call<'_>, name: Option<&str>) -> Result<Value, Exception> {
    with(call, |pull, call| {
        pull.expect_element(name, call.budget())?;
        pull.element_content(call.budget()).map(Value::from)
    })
}

type Read = fn(&str, &mut Call<'_>) -> Result<Value, Exception>;

fn content_as(call: &mut Call<'_>, read: Read) -> Result<Value, Exception> {
    let text = with(call, |pull, call| pull.element_content(call.budget()))?;
    read(&text, call).map_err(|thrown| {
        let message = format!("Content cannot be converted: {}", thrown.message());
        Exception::new("System.Xml.XmlException", message).with_inner(thrown)
    })
}

fn read_markup(call: &mut Call<'_>, inner: bool) -> Result<Value, Exception> {
    with(call, |pull, call| {
        if pull.on_attribute.is_some() {
            return Ok(Value::from(pull.seen().value.as_str()));
        }
        let Current { kind, .. } = pull.current;
        if kind != 1 {
            if !inner {
                pull.read(call.budget())?;
            }
            return Ok(Value::from(""));
        }
        let reading = Reading { preserve: true, for_dom: true };
        let Some(node) = subtree(pull, reading, call)? else { return Ok(Value::from("")) };
        let style = Style { own_prefixes: true, ..Style::default() };
        let text = if inner { write::inner(&node, style)? } else { write::text(&node, style)? };
        call.budget().allocate(text.len())?;
        Ok(Value::from(text))
    })
}

/// True for text of nothing but white space: a kind of its own.
pub(super) fn text_kind(text: &str, preserves: bool) -> i64 {
    match (is_blank(text), preserves) {
        (true, true) => 14,
        (true, false) => 13,
        (false, _) => 3,
    }
}
