//! `JContainer` and `JConstructor`.

use super::settings::settings;
use super::token_members::{get, set};
use super::{TOKEN, add, copied, this, tokens};
use crate::call::Call;
use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::{NODE_BYTES, build, edit, merge};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Value, collect};

pub(super) static CONTAINER: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JContainer").base("JToken").members(&[
        impure("int Count", |call| Ok(Value::Int32(i32::try_from(this(call)?.count()).unwrap_or(i32::MAX)))),
        impure("void Add(object content)", |call| {
            let container = this(call)?;
            add(call, &container, container.count(), 0)
        }),
        impure("void AddFirst(object content)", |call| {
            let container = this(call)?;
            add(call, &container, 0, 0)
        }),
        impure("void RemoveAll()", |call| {
            edit::clear(&this(call)?)?;
            Ok(Value::Null)
        }),
        impure("void ReplaceAll(object content)", |call| {
            let container = this(call)?;
            edit::clear(&container)?;
            add(call, &container, container.count(), 0)
        }),
        impure("void Merge(object content)", run_merge),
        impure("void Merge(object content, JsonMergeSettings settings)", run_merge),
        impure("IEnumerable<JToken> Descendants()", |call| descendants(call, false)),
        impure("IEnumerable<JToken> DescendantsAndSelf()", |call| descendants(call, true)),
    ]);

pub(super) static CONSTRUCTOR: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JConstructor").base("JContainer").members(&[
        impure("new()", |call| {
            call.budget().allocate(NODE_BYTES)?;
            Ok(Value::Json(JToken::constructor(None)))
        }),
        impure("new(JConstructor other)", copied),
        impure("new(string name)", construct),
        impure("new(string name, params object[] content)", construct),
        impure("new(string name, object content)", construct),
        impure("string Name", |call| Ok(this(call)?.name().map_or(Value::Null, Value::String))),
        impure("set string Name", |call| {
            edit::set_name(&this(call)?, call.text_or_null(0));
            Ok(Value::Null)
        }),
        impure("JToken this[object key]", get),
        impure("set JToken this[object key]", set),
    ]);

fn construct(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = call.text(0)?;
    if name.is_empty() {
        return Err(Exception::argument("Constructor name cannot be empty.", "name"));
    }
    call.budget().allocate(NODE_BYTES)?;
    let constructor = JToken::constructor(Some(name));
    if call.arguments().len() > 1 {
        let content = call.take(1);
        build::add(&constructor, 0, content, call.machine())?;
    }
    Ok(Value::Json(constructor))
}

fn run_merge(call: &mut Call<'_>) -> Result<Value, Exception> {
    let target = this(call)?;
    let settings = settings(call, 1);
    let content = match call.take(0) {
        Value::Null => return Ok(Value::Null),
        Value::Json(token) => token,
        sequence if build::is_sequence(&sequence) => {
            let array = JToken::array();
            for item in collect(&sequence, call.machine())? {
                build::add(&array, array.count(), item, call.machine())?;
            }
            array
        }
        other => {
            let message = format!("Could not determine JSON object type for type {}.", other.type_of());
            return Err(Exception::argument(message, "content"));
        }
    };
    if target.kind() == JTokenType::Constructor
        && let (JTokenType::Constructor, Some(name)) = (content.kind(), content.name())
    {
        edit::set_name(&target, Some(name));
    }
    merge::merge(&target, &content, settings, call.machine())?;
    Ok(Value::Null)
}

/// All below in document order.
fn descendants(call: &mut Call<'_>, with_self: bool) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(tokens(TOKEN, move || token.descendants(with_self)))
}
