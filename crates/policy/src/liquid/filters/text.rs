//! Filters of texts. Lengths count UTF-16 units, as .NET does.

use sekisho_expression::framework::{self, Matches};
use sekisho_expression::value::Text;

use super::Call;
use crate::liquid::Failure;
use crate::liquid::value::Value;

type Filtered = Result<Value, Failure>;

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// `Append`.
pub(super) fn append(call: &mut Call<'_, '_>) -> Filtered {
    let end = call.text(0)?.unwrap_or_else(Text::empty);
    call.mapped(|text| format!("{text}{end}"))
}

/// `Prepend`.
pub(super) fn prepend(call: &mut Call<'_, '_>) -> Filtered {
    let start = call.text(0)?.unwrap_or_else(Text::empty);
    call.mapped(|text| format!("{start}{text}"))
}

/// `Capitalize`: `TextInfo.ToTitleCase`, every word; words in capitals stay.
pub(super) fn capitalize(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '\'';
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match is_word(first) {
                true => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
                false => rest.find(is_word).unwrap_or(rest.len()),
            };
            let (part, after) = rest.split_at(length);
            rest = after;
            let is_shouted = part.chars().filter(|letter| letter.is_alphabetic()).count() > 1
                && !part.chars().any(char::is_lowercase);
            if is_shouted {
                out.push_str(part);
                continue;
            }
            let mut letters = part.chars();
            out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            out.push_str(&letters.as_str().to_lowercase());
        }
        out
    })
}

/// `Default`: for nil, and for text that is blank.
pub(super) fn default(call: &mut Call<'_, '_>) -> Filtered {
    match call.input_text()? {
        Some(text) if !is_blank(&text) => Ok(Value::Text(text)),
        _ => Ok(call.text(0)?.map_or(Value::Nil, Value::Text)),
    }
}

/// `Downcase`.
pub(super) fn downcase(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(str::to_lowercase)
}

/// `Upcase`.
pub(super) fn upcase(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(str::to_uppercase)
}

/// `Escape` and `H`.
pub(super) fn escape(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(framework::html_encode)
}

/// `UrlEncode`.
pub(super) fn url_encode(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(framework::url_encode)
}

/// `UrlDecode`.
pub(super) fn url_decode(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(framework::url_decode)
}

/// `Strip`.
pub(super) fn strip(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| text.trim().to_owned())
}

/// `Lstrip`.
pub(super) fn lstrip(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| text.trim_start().to_owned())
}

/// `Rstrip`.
pub(super) fn rstrip(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| text.trim_end().to_owned())
}

/// `StripNewlines`.
pub(super) fn strip_newlines(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| text.replace("\r\n", "").replace('\n', ""))
}

/// `NewlineToBr`: a tag before each line end.
pub(super) fn newline_to_br(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let bare = line.strip_suffix('\n').map_or(line, |bare| bare.strip_suffix('\r').unwrap_or(bare));
            out.push_str(bare);
            if bare.len() < line.len() {
                out.push_str("<br />");
                out.push_str(line.get(bare.len()..).unwrap_or(""));
            }
        }
        out
    })
}

/// `StripHtml`: scripts, styles and comments with what they hold, then all tags.
pub(super) fn strip_html(call: &mut Call<'_, '_>) -> Filtered {
    call.mapped(|text| {
        let lower = text.to_ascii_lowercase();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(open) = lower.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
            out.push_str(text.get(at..open).unwrap_or(""));
            let rest = lower.get(open..).unwrap_or("");
            let blocks = [("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>")];
            let block = blocks.iter().find(|(start, _)| rest.starts_with(start));
            let block_end = block.and_then(|(_, end)| rest.find(end).map(|found| found + end.len()));
            match block_end.or_else(|| rest.find('>').map(|found| found + 1)) {
                Some(length) => at = open + length,
                None => {
                    at = open;
                    break;
                }
            }
        }
        out.push_str(text.get(at..).unwrap_or(""));
        out
    })
}

/// `Remove`: the text as it is, everywhere.
pub(super) fn remove(call: &mut Call<'_, '_>) -> Filtered {
    let what = call.text(0)?.unwrap_or_else(Text::empty);
    if what.is_empty() {
        return Err(Failure::Shown("String cannot be of zero length.".to_owned()));
    }
    call.mapped(|text| text.replace(what.as_str(), ""))
}

/// `RemoveFirst`: the first match of a pattern.
pub(super) fn remove_first(call: &mut Call<'_, '_>) -> Filtered {
    matched(call, "", Matches::FirstVerbatim)
}

/// `Replace`: every match of a pattern.
pub(super) fn replace(call: &mut Call<'_, '_>) -> Filtered {
    let replacement = call.text(1)?.unwrap_or_else(Text::empty);
    matched(call, &replacement, Matches::All)
}

/// `ReplaceFirst`: the first match of a pattern.
pub(super) fn replace_first(call: &mut Call<'_, '_>) -> Filtered {
    let replacement = call.text(1)?.unwrap_or_else(Text::empty);
    matched(call, &replacement, Matches::FirstVerbatim)
}

fn matched(call: &mut Call<'_, '_>, replacement: &str, which: Matches) -> Filtered {
    let Some(input) = call.input_text()? else { return Ok(Value::Nil) };
    match call.text(0)? {
        Some(pattern) if !input.is_empty() && !pattern.is_empty() => {
            let budget = &mut call.renderer.budget;
            Ok(Value::text(framework::replace(&input, &pattern, replacement, which, budget)?))
        }
        _ => Ok(Value::Text(input)),
    }
}

/// `Split`: without empty parts; without a separator into letters.
pub(super) fn split(call: &mut Call<'_, '_>) -> Filtered {
    let Some(input) = call.input_text()?.filter(|input| !is_blank(input)) else {
        return Ok(Value::array(vec![call.input.clone()]));
    };
    let separator = call.text(0)?.unwrap_or_else(Text::empty);
    let parts: Vec<Value> = if separator.is_empty() {
        input.chars().map(|letter| Value::text(letter.to_string())).collect()
    } else {
        input.split(separator.as_str()).filter(|part| !part.is_empty()).map(Value::text).collect()
    };
    call.allocate(parts.len().saturating_mul(size_of::<Value>()).saturating_add(input.len()))?;
    Ok(Value::array(parts))
}

/// `Truncate`: to a length that includes what is appended.
pub(super) fn truncate(call: &mut Call<'_, '_>) -> Filtered {
    let length = call.int(0, 50)?;
    let end = call.text(1)?.unwrap_or_else(|| Text::from("..."));
    let Some(input) = call.input_text()?.filter(|input| !input.is_empty()) else {
        return Ok(call.input.clone());
    };
    let Ok(length) = usize::try_from(length) else { return Ok(Value::Text(end)) };
    if input.length() <= length {
        return Ok(Value::Text(input));
    }
    let kept = input.substring(0, length.saturating_sub(end.length())).unwrap_or_else(Text::empty);
    Ok(Value::text(format!("{kept}{end}")))
}

/// `TruncateWords`.
pub(super) fn truncate_words(call: &mut Call<'_, '_>) -> Filtered {
    let count = call.int(0, 15)?;
    let end = call.text(1)?.unwrap_or_else(|| Text::from("..."));
    let Some(input) = call.input_text()?.filter(|input| !input.is_empty()) else {
        return Ok(call.input.clone());
    };
    let Some(count) = usize::try_from(count).ok().filter(|count| *count > 0) else {
        return Ok(Value::Text(end));
    };
    let words: Vec<&str> = input.split(' ').collect();
    match words.get(..count) {
        Some(kept) if kept.len() < words.len() => Ok(Value::text(kept.join(" ") + &end)),
        _ => Ok(Value::Text(input)),
    }
}
