//! What stands between tokens: white space, comments, directives.

use super::{Lexer, is_line_end};

impl Lexer<'_> {
    pub(super) fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|next: char| next.is_whitespace() || next == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.skip_line();
            } else if trimmed.starts_with("/*") {
                self.skip_comment();
            } else if trimmed.starts_with('#') {
                self.directive();
            } else {
                return;
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find(is_line_end).unwrap_or(rest.len());
    }

    fn skip_comment(&mut self) {
        let start = self.at;
        match self.rest().get(2..).and_then(|inside| inside.find("*/")) {
            Some(length) => self.at += length + 4,
            None => {
                self.at = self.text.len();
                self.mistake(start, "the comment is never closed");
            }
        }
    }

    /// `#region` and `#pragma` say nothing to the compiler; all others choose what is compiled.
    fn directive(&mut self) {
        let start = self.at;
        let before = self.text.get(..start).unwrap_or("");
        let line_start = before.rfind(is_line_end).map_or(0, |at| at + 1);
        let is_first = before.get(line_start..).is_none_or(|line| line.trim().is_empty());
        self.skip_line();
        let line = self.text.get(start..self.at).unwrap_or("");
        let name = line.trim_start_matches('#').split_whitespace().next().unwrap_or("").to_owned();
        match name.as_str() {
            _ if !is_first => self.mistake(start, "`#` does not belong to C#"),
            "region" => self.regions.push(start),
            "endregion" if self.regions.pop().is_some() => {}
            "endregion" => self.mistake(start, "`#endregion` closes no `#region`"),
            "pragma" => {}
            _ => {
                self.mistake(start, &format!("the directive `#{name}` cannot be used in a policy expression"))
            }
        }
    }

    /// Reports a `#region` that is still open at the end.
    pub(super) fn finish(&mut self) {
        if let Some(start) = self.regions.pop() {
            let end = self.text.get(start..).and_then(|rest| rest.find(is_line_end));
            self.at = end.map_or(self.text.len(), |length| start + length);
            self.mistake(start, "`#region` is never closed: `#endregion` is missing");
            self.at = self.text.len();
        }
    }
}
