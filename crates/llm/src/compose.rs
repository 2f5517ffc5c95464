//! JSON that is written member by member, for what is written with every call: most texts have nothing to escape and are copied at
//! once, which a serializer that looks at each byte does not.

use std::fmt::Write;

/// Appends a text in quotes.
pub fn push_text(to: &mut String, text: &str) {
    // Without a way out of the loop many bytes are looked at together.
    if text.bytes().fold(false, |found, byte| found | needs_escape(char::from(byte))) {
        let _ = write!(to, "{}", serde_json::Value::from(text));
    } else {
        to.push('"');
        to.push_str(text);
        to.push('"');
    }
}

/// Appends a number.
pub fn push_number(to: &mut String, number: u64) {
    to.push_str(itoa::Buffer::new().format(number));
}

fn needs_escape(character: char) -> bool {
    (character < ' ') | (character == '"') | (character == '\\')
}

/// An object that is written to the end of a text.
#[derive(Debug)]
pub struct Object<'t> {
    to: &'t mut String,
    is_empty: bool,
}

impl<'t> Object<'t> {
    /// Begins an object.
    pub fn begin(to: &'t mut String) -> Object<'t> {
        to.push('{');
        Object { to, is_empty: true }
    }

    /// Begins a member, whose value has to follow. The name must have nothing to escape.
    pub fn member(&mut self, name: &'static str) -> &mut String {
        debug_assert!(!name.contains(needs_escape), "{name}");
        self.separate();
        self.to.push('"');
        self.to.push_str(name);
        self.to.push_str("\":");
        self.to
    }

    /// A member that is a text, under a name that comes from outside.
    pub fn entry(&mut self, name: &str, value: &str) {
        self.separate();
        push_text(self.to, name);
        self.to.push(':');
        push_text(self.to, value);
    }

    fn separate(&mut self) {
        if !self.is_empty {
            self.to.push(',');
        }
        self.is_empty = false;
    }

    /// A member that is a text; left out when there is none.
    pub fn text<'v>(&mut self, name: &'static str, value: impl Into<Option<&'v str>>) {
        if let Some(value) = value.into() {
            push_text(self.member(name), value);
        }
    }

    /// A member that is a number; left out when there is none.
    pub fn number(&mut self, name: &'static str, value: impl Into<Option<u64>>) {
        if let Some(value) = value.into() {
            push_number(self.member(name), value);
        }
    }

    /// A member that is true or false.
    pub fn bool(&mut self, name: &'static str, value: bool) {
        self.member(name).push_str(if value { "true" } else { "false" });
    }

    /// Ends the object.
    pub fn end(self) {
        self.to.push('}');
    }
}

/// Appends an array of objects, each with the members that `write` gives it.
pub fn push_objects<T>(
    to: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Object<'_>, T),
) {
    to.push('[');
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            to.push(',');
        }
        let mut object = Object::begin(to);
        write(&mut object, item);
        object.end();
    }
    to.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_a_serializer_writes_them() {
        for text in ["", "plain", "größer", "\"", "a\\b", "line\nbreak", "\u{0}\u{1f}\u{7f}\u{2028}", "😀"]
        {
            let mut json = String::new();
            push_text(&mut json, text);
            assert_eq!(json, serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn members_follow_each_other() {
        let mut json = String::new();
        push_objects(&mut json, [0, 7], |object, number| {
            object.text("a", "\"");
            object.text("none", None);
            object.number("b", number);
            object.number("none", None);
            object.bool("c", number > 0);
            object.member("d").push_str("[]");
            object.entry("\n", "e");
        });
        let expected =
            r#"[{"a":"\"","b":0,"c":false,"d":[],"\n":"e"},{"a":"\"","b":7,"c":true,"d":[],"\n":"e"}]"#;
        assert_eq!(json, expected);
        let mut empty = String::new();
        Object::begin(&mut empty).end();
        push_objects(&mut empty, [0; 0], |_, _| {});
        assert_eq!(empty, "{}[]");
    }
}
