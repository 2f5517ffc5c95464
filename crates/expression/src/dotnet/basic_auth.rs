//! `string.AsBasic()`: credentials of an `Authorization: Basic` header.

use std::any::Any;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::encoding::Charset;

static CREDENTIALS: TypeDeclaration = TypeDeclaration::class("BasicAuthCredentials").members(&[
    pure("string UserId", |call| Ok(Value::from(call.object::<Credentials>()?.user.as_str()))),
    pure("string Username", |call| Ok(Value::from(call.object::<Credentials>()?.user.as_str())))
        .note("Another name of `UserId`.")
        .note("Another name of `UserId`."),
    pure("string Password", |call| Ok(Value::from(call.object::<Credentials>()?.password.as_str()))),
]);

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("BasicAuthExtensions").members(&[
    pure("static BasicAuthCredentials AsBasic(this string input)", |call| {
        Ok(call.text_or_null(0).and_then(|text| read(&text)).map_or(Value::Null, Value::object))
    }).note("Null for anything that is no `Basic` header. The text is split at the first colon and read as ISO 8859-1."),
    pure("static bool TryParseBasic(this string input, out BasicAuthCredentials result)", |call| {
        let credentials = call.text_or_null(0).and_then(|text| read(&text));
        let found = credentials.is_some();
        call.set_out(1, credentials.map_or(Value::Null, Value::object));
        Ok(Value::Boolean(found))
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&CREDENTIALS, &EXTENSIONS];

struct Credentials {
    user: String,
    password: String,
}

impl DotnetObject for Credentials {
    fn type_of(&self) -> Type {
        Type::Named("BasicAuthCredentials")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The scheme in any case, then base64 of ISO 8859-1 text that has a colon.
fn read(text: &str) -> Option<Credentials> {
    let (scheme, rest) = text.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(rest.trim()).ok()?;
    let decoded = Charset::Latin1.decode(&bytes);
    let (user, password) = decoded.split_once(':')?;
    Some(Credentials { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str) -> Option<(String, String)> {
        read(text).map(|credentials| (credentials.user, credentials.password))
    }

    #[test]
    fn credentials_of_a_header() {
        let aladdin = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(pair(aladdin), Some(("Aladdin".to_owned(), "open sesame".to_owned())));
        assert_eq!(pair("basic YTpiOmM="), Some(("a".to_owned(), "b:c".to_owned())));
        assert_eq!(pair("Basic OukA"), Some((String::new(), "\u{e9}\0".to_owned())));
        for text in ["", "Basic", "Basic YWJj", "Basic %%%", "Bearer YTpi", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="] {
            assert_eq!(pair(text), None, "{text}");
        }
    }

    #[test]
    fn members_in_expressions() {
        use crate::testing::{assert_evaluates, assert_throws};
        let cases = [
            (r#"@("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".AsBasic().UserId)"#, "System.String", "Aladdin"),
            (
                r#"@("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".AsBasic()?.Password)"#,
                "System.String",
                "open sesame",
            ),
            (r#"@("x".AsBasic() == null)"#, "System.Boolean", "true"),
            (r#"@{ BasicAuthCredentials c; return "x".TryParseBasic(out c); }"#, "System.Boolean", "false"),
        ];
        for (expression, type_name, value) in cases {
            assert_evaluates(expression, type_name, value);
        }
        assert_throws(r#"@("x".AsBasic().UserId)"#, "System.NullReferenceException");
    }
}
