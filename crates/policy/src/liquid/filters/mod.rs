//! The filters, by the names DotLiquid has in C# mode (`DividedBy`) and in Ruby mode (`divided_by`).

mod array;
mod currency;
mod date;
mod number;
mod text;

use sekisho_expression::value::Text;

use super::Failure;
use super::lookup::whole;
use super::node::Expression;
use super::render::Renderer;
use super::value::{LIST, Value};

/// A filter in a template.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) declared: &'static Declared,
    pub(super) arguments: Vec<Expression>,
}

impl Filter {
    /// Puts a value through the filter.
    pub(super) fn run(
        &self,
        renderer: &mut Renderer<'_>,
        input: Value,
        arguments: &[Value],
    ) -> Result<Value, Failure> {
        if arguments.len() < self.declared.needs {
            let message =
                format!("filter '{}' needs {} argument(s)", self.declared.name, self.declared.needs);
            return Err(Failure::Shown(message));
        }
        let mut call = Call { renderer, input, arguments };
        call.pay()?;
        (self.declared.run)(&mut call)
    }
}

/// A filter that exists.
#[derive(Debug)]
pub(super) struct Declared {
    /// Its name in C# mode.
    pub(super) name: &'static str,
    /// How many arguments it cannot do without.
    pub(super) needs: usize,
    run: fn(&mut Call<'_, '_>) -> Result<Value, Failure>,
}

const fn filter(
    name: &'static str,
    needs: usize,
    run: fn(&mut Call<'_, '_>) -> Result<Value, Failure>,
) -> Declared {
    Declared { name, needs, run }
}

static FILTERS: &[Declared] = &[
    filter("Abs", 0, number::abs),
    filter("Append", 1, text::append),
    filter("AtLeast", 1, number::at_least),
    filter("AtMost", 1, number::at_most),
    filter("Capitalize", 0, text::capitalize),
    filter("Compact", 0, array::compact),
    filter("Currency", 0, currency::currency),
    filter("Date", 1, date::date),
    filter("Default", 1, text::default),
    filter("DividedBy", 1, number::divided_by),
    filter("Downcase", 0, text::downcase),
    filter("Escape", 0, text::escape),
    filter("First", 0, array::first),
    filter("H", 0, text::escape),
    filter("Join", 0, array::join),
    filter("Last", 0, array::last),
    filter("Lstrip", 0, text::lstrip),
    filter("Map", 1, array::map),
    filter("Minus", 1, number::minus),
    filter("Modulo", 1, number::modulo),
    filter("NewlineToBr", 0, text::newline_to_br),
    filter("Plus", 1, number::plus),
    filter("Prepend", 1, text::prepend),
    filter("Remove", 1, text::remove),
    filter("RemoveFirst", 1, text::remove_first),
    filter("Replace", 1, text::replace),
    filter("ReplaceFirst", 1, text::replace_first),
    filter("Round", 0, number::round),
    filter("Rstrip", 0, text::rstrip),
    filter("Size", 0, array::size),
    filter("Slice", 1, array::slice),
    filter("Sort", 0, array::sort),
    filter("Split", 1, text::split),
    filter("Strip", 0, text::strip),
    filter("StripHtml", 0, text::strip_html),
    filter("StripNewlines", 0, text::strip_newlines),
    filter("Times", 1, number::times),
    filter("Truncate", 0, text::truncate),
    filter("TruncateWords", 0, text::truncate_words),
    filter("Uniq", 0, array::uniq),
    filter("Upcase", 0, text::upcase),
    filter("UrlDecode", 0, text::url_decode),
    filter("UrlEncode", 0, text::url_encode),
];

/// The filter of a name in either mode.
pub(super) fn find(name: &str) -> Option<&'static Declared> {
    FILTERS.iter().find(|known| known.name == name || is_ruby_name(known.name, name))
}

/// All names in C# mode.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|known| known.name)
}

/// True when `name` is `declared` in lower case with underscores (and `truncatewords` without).
fn is_ruby_name(declared: &str, name: &str) -> bool {
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return false;
    }
    let mut ruby = String::with_capacity(declared.len() + 2);
    for letter in declared.chars() {
        if letter.is_ascii_uppercase() && !ruby.is_empty() {
            ruby.push('_');
        }
        ruby.push(letter.to_ascii_lowercase());
    }
    ruby == name || (declared == "TruncateWords" && name == "truncatewords")
}

/// What a filter works with.
struct Call<'c, 'r> {
    renderer: &'c mut Renderer<'r>,
    input: Value,
    arguments: &'c [Value],
}

impl Call<'_, '_> {
    /// A filter looks at its whole input.
    fn pay(&mut self) -> Result<(), Failure> {
        let size = match &self.input {
            Value::Text(text) => text.len() / 16,
            other => other.count().unwrap_or(0),
        };
        self.renderer.budget.steps(1 + size as u64)?;
        Ok(())
    }

    /// Pays for a text before it is there.
    fn allocate(&mut self, bytes: usize) -> Result<(), Failure> {
        Ok(self.renderer.budget.allocate(bytes)?)
    }

    fn argument(&self, at: usize) -> Option<&Value> {
        self.arguments.get(at).filter(|value| !matches!(value, Value::Nil))
    }

    /// The input as a parameter of type `string`; none for nil.
    fn input_text(&self) -> Result<Option<Text>, Failure> {
        text_parameter(&self.input)
    }

    /// An argument as `string`; none for nil and where there is none.
    fn text(&self, at: usize) -> Result<Option<Text>, Failure> {
        self.argument(at).map_or(Ok(None), text_parameter)
    }

    /// An argument as `int`.
    fn int(&self, at: usize, default: i64) -> Result<i64, Failure> {
        self.arguments.get(at).map_or(Ok(default), whole)
    }

    /// What a filter of texts gives: nil stays nil.
    fn mapped(&mut self, map: impl FnOnce(&str) -> String) -> Result<Value, Failure> {
        let Some(text) = self.input_text()? else { return Ok(Value::Nil) };
        self.allocate(text.len())?;
        let made = map(&text);
        self.renderer.check_length(made.len())?;
        Ok(Value::text(made))
    }
}

/// A value where .NET wants a `string`: collections are none.
fn text_parameter(value: &Value) -> Result<Option<Text>, Failure> {
    let type_name = match value {
        Value::Nil => return Ok(None),
        Value::Array(_) | Value::Range(..) => LIST,
        Value::Hash(_) => "DotLiquid.Hash",
        other => return Ok(Some(other.to_text())),
    };
    Err(Failure::Shown(format!("Object of type '{type_name}' cannot be converted to type 'System.String'.")))
}

/// `NullReferenceException`, which filters of numbers meet for nil.
fn null_reference() -> Failure {
    Failure::Shown("Object reference not set to an instance of an object.".to_owned())
}
