//! The nodes without children: text, CDATA, comments, instructions, document types.

use parking_lot::Mutex;

use super::chars::{is_local_name, is_name};
use super::doctype::DocumentType;
use super::this;
use super::tree::{Content, Node};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

static X_TEXT: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XText").base("XNode").members(&[
    impure("new(string value)", |call| made(call, Content::Text)),
    impure("new(XText other)", copied),
    impure("string Value", super::inner_text),
    impure("set string Value", super::set_value),
]);

static X_CDATA: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XCData").base("XText").members(&[
    impure("new(string value)", |call| made(call, Content::CData)),
    impure("new(XCData other)", copied),
]);

static X_COMMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XComment").base("XNode").members(&[
        impure("new(string value)", |call| made(call, Content::Comment)),
        impure("new(XComment other)", copied),
        impure("string Value", own_text),
        impure("set string Value", super::set_value),
    ]);

static X_INSTRUCTION: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XProcessingInstruction").base("XNode").members(&[
        impure("new(string target, string data)", |call| {
            let (target, data) = (target(call, 0)?, call.text(1)?);
            let data = Mutex::new(data.to_string());
            Ok(Node::new(Content::Instruction { target: Mutex::new(target), data }).value())
        }),
        impure("new(XProcessingInstruction other)", copied),
        impure("string Target", |call| match this(call)?.content() {
            Content::Instruction { target, .. } => Ok(Value::from(target.lock().as_str())),
            _ => Ok(Value::Null),
        }),
        impure("set string Target", |call| {
            let new = target(call, 0)?;
            if let Content::Instruction { target, .. } = this(call)?.content() {
                *target.lock() = new;
            }
            Ok(Value::Null)
        }),
        impure("string Data", own_text),
        impure("set string Data", super::set_value),
    ]);

static X_DOCUMENT_TYPE: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XDocumentType").base("XNode").members(&[
        impure("new(string name, string publicId, string systemId, string internalSubset)", |call| {
            let name = call.text(0)?;
            if !is_name(&name) {
                return Err(wrong_name(&name));
            }
            let part = |at: usize| call.text_or_null(at).map(|text| text.to_string());
            let found = DocumentType {
                name: name.to_string(),
                public_id: part(1),
                system_id: part(2),
                subset: part(3),
            };
            Ok(Node::new(Content::DocumentType(Mutex::new(found))).value())
        }),
        impure("new(XDocumentType other)", copied),
        impure("string Name", |call| part(call, |found| Some(found.name.clone()))),
        impure("string PublicId", |call| part(call, |found| found.public_id.clone())),
        impure("string SystemId", |call| part(call, |found| found.system_id.clone())),
        impure("string InternalSubset", |call| part(call, |found| found.subset.clone())),
        impure("set string Name", |call| {
            let name = call.text(0)?.to_string();
            set_part(call, |found| found.name = name)
        }),
        impure("set string PublicId", |call| {
            let text = call.text_or_null(0).map(|text| text.to_string());
            set_part(call, |found| found.public_id = text)
        }),
        impure("set string SystemId", |call| {
            let text = call.text_or_null(0).map(|text| text.to_string());
            set_part(call, |found| found.system_id = text)
        }),
        impure("set string InternalSubset", |call| {
            let text = call.text_or_null(0).map(|text| text.to_string());
            set_part(call, |found| found.subset = text)
        }),
    ]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&X_TEXT, &X_CDATA, &X_COMMENT, &X_INSTRUCTION, &X_DOCUMENT_TYPE];

fn made(call: &mut Call<'_>, content: fn(Mutex<String>) -> Content) -> Result<Value, Exception> {
    let text = call.text(0)?;
    call.budget().allocate(text.len())?;
    Ok(Node::new(content(Mutex::new(text.to_string()))).value())
}

fn copied(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(call.object_argument::<Node>(0)?.copy().value())
}

fn own_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(this(call)?.own_text().map_or(Value::Null, |text| Value::from(text.lock().as_str())))
}

fn target(call: &Call<'_>, at: usize) -> Result<String, Exception> {
    let target = call.text(at)?;
    if !is_local_name(&target) {
        return Err(wrong_name(&target));
    }
    if target.eq_ignore_ascii_case("xml") {
        let message = format!("'{target}' is an invalid name for a processing instruction.");
        return Err(Exception::argument(message, ""));
    }
    Ok(target.to_string())
}

fn wrong_name(name: &str) -> Exception {
    if name.is_empty() {
        return Exception::argument_null("name");
    }
    Exception::new("System.Xml.XmlException", format!("'{name}' is not a valid name."))
}

fn part(call: &mut Call<'_>, read: impl Fn(&DocumentType) -> Option<String>) -> Result<Value, Exception> {
    match this(call)?.content() {
        Content::DocumentType(found) => Ok(Value::from(read(&found.lock()))),
        _ => Ok(Value::Null),
    }
}

fn set_part(call: &mut Call<'_>, set: impl FnOnce(&mut DocumentType)) -> Result<Value, Exception> {
    if let Content::DocumentType(found) = this(call)?.content() {
        set(&mut found.lock());
    }
    Ok(Value::Null)
}
