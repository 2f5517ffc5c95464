//! `IDictionary<string, IList<string>>` as a form or a query: helpers of API Management.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::{Text, Value, collect};

use super::uri::escape_data;

static FORMS: TypeDeclaration = TypeDeclaration::statics("FormUrlEncodedExtensions").members(&[
    pure(
        "static string ToFormUrlEncodedContent(this IDictionary<string, IList<string>> dictionary)",
        |call| {
            let pairs = pairs(call)?;
            // The form's own rule: a space is a plus.
            Ok(Value::from(joined(&pairs).replace("%20", "+")))
        },
    ),
    pure("static string ToQueryString(this IDictionary<string, IList<string>> dictionary)", |call| {
        let pairs = pairs(call)?;
        Ok(if pairs.is_empty() { Value::Null } else { Value::from(format!("?{}", joined(&pairs))) })
    })
    .note("Begins with `?`; null without entries.")
    .note("Begins with `?`; null without entries."),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&FORMS];

/// Each name with each of its values, in order.
fn pairs(call: &mut Call<'_>) -> Result<Vec<(Text, Text)>, Exception> {
    let mut out = Vec::new();
    for entry in call.elements(0)? {
        let Value::KeyValuePair(pair) = entry else { continue };
        let name = call.text_of(&pair.key)?;
        let values = if pair.value.is_null() { Vec::new() } else { collect(&pair.value, call.machine())? };
        for value in values {
            let text = call.text_of(&value)?;
            call.budget().allocate((name.len() + text.len()).saturating_mul(3))?;
            out.push((name.clone(), text));
        }
    }
    Ok(out)
}

fn joined(pairs: &[(Text, Text)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push_str(if out.is_empty() { "" } else { "&" });
        out.push_str(&escape_data(name));
        out.push('=');
        out.push_str(&escape_data(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_escaped() {
        let pairs = [(Text::from("a b"), Text::from("x&y")), (Text::from("a b"), Text::from("é"))];
        assert_eq!(joined(&pairs), "a%20b=x%26y&a%20b=%C3%A9");
    }

    #[test]
    fn members_in_expressions() {
        use crate::testing::{assert_evaluates, assert_throws};
        let cases = [
            (
                r#"@{ IDictionary<string, IList<string>> d = new Dictionary<string, IList<string>>(); d.Add("a b", new List<string> { "x y", "z" }); return d.ToFormUrlEncodedContent(); }"#,
                "System.String",
                "a+b=x+y&a+b=z",
            ),
            (
                r#"@{ var d = new Dictionary<string, IList<string>>(); d.Add("a", new List<string> { "x y" }); return d.ToQueryString(); }"#,
                "System.String",
                "?a=x%20y",
            ),
            (
                r#"@(new Dictionary<string, IList<string>>().ToQueryString() == null)"#,
                "System.Boolean",
                "true",
            ),
        ];
        for (expression, type_name, value) in cases {
            assert_evaluates(expression, type_name, value);
        }
        assert_throws(
            "@(((Dictionary<string, IList<string>>)null).ToQueryString())",
            "System.ArgumentNullException",
        );
    }
}
