//! Unicode normal forms.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

pub(super) static NORMALIZATION_FORM: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Text.NormalizationForm",
    &[("FormC", 1), ("FormD", 2), ("FormKC", 5), ("FormKD", 6)],
);

/// The text in the form that argument `at` names; form C when there is none.
fn normal<'t>(call: &Call<'_>, at: Option<usize>, text: &'t str) -> Result<Cow<'t, str>, Exception> {
    Ok(match at.map_or(1, |at| call.enumeration(at)) {
        1 => ComposingNormalizer::new_nfc().normalize(text),
        2 => DecomposingNormalizer::new_nfd().normalize(text),
        5 => ComposingNormalizer::new_nfkc().normalize(text),
        6 => DecomposingNormalizer::new_nfkd().normalize(text),
        _ => {
            return Err(Exception::argument(
                "Invalid or unsupported normalization form.",
                "normalizationForm",
            ));
        }
    })
}

/// `Normalize`.
pub(super) fn normalize(call: &mut Call<'_>, at: Option<usize>) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    call.budget().allocate(text.len())?;
    let changed = match normal(call, at, &text)? {
        Cow::Borrowed(_) => return Ok(Value::String(text)),
        Cow::Owned(changed) => changed,
    };
    call.budget().allocate(changed.len())?;
    Ok(Value::from(changed))
}

/// `IsNormalized`.
pub(super) fn is_normalized(call: &mut Call<'_>, at: Option<usize>) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    call.budget().allocate(text.len())?;
    Ok(Value::Boolean(*normal(call, at, &text)? == *text))
}
