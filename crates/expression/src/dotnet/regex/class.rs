//! Character classes: `[a-z-[aeiou]]`, `\w`, `\p{Lu}`.

use super::node::in_class;
use super::parse::{Parser, Refusal};

/// `\w` and `\d` as content of a class.
pub(super) const WORD: &str = "\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}";
pub(super) const DIGIT: &str = "\\p{Nd}";
/// The same within ASCII.
pub(super) const ASCII_WORD: &str = "a-zA-Z0-9_";
pub(super) const ASCII_DIGIT: &str = "0-9";

/// Blocks of Unicode by .NET's names.
const BLOCKS: &[(&str, u32, u32)] = &[
    ("IsBasicLatin", 0x0000, 0x007F),
    ("IsLatin-1Supplement", 0x0080, 0x00FF),
    ("IsLatinExtended-A", 0x0100, 0x017F),
    ("IsLatinExtended-B", 0x0180, 0x024F),
    ("IsIPAExtensions", 0x0250, 0x02AF),
    ("IsSpacingModifierLetters", 0x02B0, 0x02FF),
    ("IsCombiningDiacriticalMarks", 0x0300, 0x036F),
    ("IsGreek", 0x0370, 0x03FF),
    ("IsGreekandCoptic", 0x0370, 0x03FF),
    ("IsCyrillic", 0x0400, 0x04FF),
    ("IsCyrillicSupplement", 0x0500, 0x052F),
    ("IsArmenian", 0x0530, 0x058F),
    ("IsHebrew", 0x0590, 0x05FF),
    ("IsArabic", 0x0600, 0x06FF),
    ("IsDevanagari", 0x0900, 0x097F),
    ("IsThai", 0x0E00, 0x0E7F),
    ("IsHangulJamo", 0x1100, 0x11FF),
    ("IsLatinExtendedAdditional", 0x1E00, 0x1EFF),
    ("IsGreekExtended", 0x1F00, 0x1FFF),
    ("IsGeneralPunctuation", 0x2000, 0x206F),
    ("IsCurrencySymbols", 0x20A0, 0x20CF),
    ("IsLetterlikeSymbols", 0x2100, 0x214F),
    ("IsNumberForms", 0x2150, 0x218F),
    ("IsArrows", 0x2190, 0x21FF),
    ("IsMathematicalOperators", 0x2200, 0x22FF),
    ("IsBoxDrawing", 0x2500, 0x257F),
    ("IsGeometricShapes", 0x25A0, 0x25FF),
    ("IsMiscellaneousSymbols", 0x2600, 0x26FF),
    ("IsDingbats", 0x2700, 0x27BF),
    ("IsCJKSymbolsandPunctuation", 0x3000, 0x303F),
    ("IsHiragana", 0x3040, 0x309F),
    ("IsKatakana", 0x30A0, 0x30FF),
    ("IsCJKUnifiedIdeographs", 0x4E00, 0x9FFF),
    ("IsHangulSyllables", 0xAC00, 0xD7AF),
    ("IsPrivateUse", 0xE000, 0xF8FF),
    ("IsHalfwidthandFullwidthForms", 0xFF00, 0xFFEF),
];

/// General categories of .NET.
const CATEGORIES: &[&str] = &[
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps",
    "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co", "Cn",
];

/// `\w` and its like after a backslash, as content of a class of the engine; none when it is another escape.
pub(super) fn shorthand(parser: &mut Parser<'_>) -> Result<Option<String>, Refusal> {
    let ecma = parser.flags.ecma_script;
    let Some(letter) = parser.peek() else { return Ok(None) };
    let set = match letter.to_ascii_lowercase() {
        'd' if ecma => ASCII_DIGIT,
        'd' => DIGIT,
        'w' if ecma => ASCII_WORD,
        'w' => WORD,
        's' if ecma => " \\f\\n\\r\\t\\x{B}",
        's' => "\\s",
        'p' => return property(parser).map(Some),
        _ => return Ok(None),
    };
    parser.next();
    Ok(Some(if letter.is_ascii_uppercase() { format!("[^{set}]") } else { set.to_owned() }))
}

fn property(parser: &mut Parser<'_>) -> Result<String, Refusal> {
    let negated = parser.next() == Some('P');
    if !parser.eat("{") {
        return parser.wrong("Malformed \\p{X} character escape.");
    }
    let name = parser.take_while(64, |next| next.is_ascii_alphanumeric() || next == '-');
    if !parser.eat("}") {
        return parser.wrong("Incomplete \\p{X} character escape.");
    }
    let set = if CATEGORIES.contains(&name) {
        format!("\\p{{{name}}}")
    } else if let Some((_, first, last)) = BLOCKS.iter().find(|(block, ..)| *block == name) {
        format!("\\x{{{first:X}}}-\\x{{{last:X}}}")
    } else if name.starts_with("Is") {
        return Err(Refusal::Unsupported("this Unicode block"));
    } else {
        return parser.wrong(format!("Unknown property '{name}'."));
    };
    Ok(if negated { format!("[^{set}]") } else { set })
}

/// What stands at one place of a class.
enum Item {
    Char(char),
    Set(String),
}

/// Reads a class after its `[`.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<String, Refusal> {
    nested(parser, 0)
}

fn nested(parser: &mut Parser<'_>, depth: u32) -> Result<String, Refusal> {
    if depth > 10 {
        return Err(Refusal::Unsupported("classes subtracted so often"));
    }
    let negated = parser.eat("^");
    let mut content = String::new();
    let mut subtracted = None;
    // A bracket that stands first is a character.
    if parser.eat("]") {
        add(parser, Item::Char(']'), &mut content)?;
    }
    loop {
        if parser.eat("]") {
            break;
        }
        if !content.is_empty() && parser.eat("-[") {
            subtracted = Some(nested(parser, depth + 1)?);
            if !parser.eat("]") {
                return parser.wrong("A subtraction must be the last element in a character class.");
            }
            break;
        }
        let item = item(parser)?;
        add(parser, item, &mut content)?;
    }
    let caret = if negated { "^" } else { "" };
    Ok(match subtracted {
        Some(without) => format!("[[{caret}{content}]--{without}]"),
        None => format!("[{caret}{content}]"),
    })
}

/// Adds an item, or the range that it begins.
fn add(parser: &mut Parser<'_>, item: Item, content: &mut String) -> Result<(), Refusal> {
    let first = match item {
        Item::Set(set) => {
            content.push_str(&set);
            return Ok(());
        }
        Item::Char(first) => first,
    };
    let is_range = parser.rest().starts_with('-')
        && !parser.rest().starts_with("-]")
        && !parser.rest().starts_with("-[");
    if !is_range {
        content.push_str(&in_class(first));
        return Ok(());
    }
    parser.next();
    match self::item(parser)? {
        Item::Char(last) if last < first => parser.wrong("[x-y] range in reverse order."),
        Item::Char(last) => {
            content.push_str(&format!("{}-{}", in_class(first), in_class(last)));
            Ok(())
        }
        Item::Set(_) => parser.wrong("Cannot include class in character range."),
    }
}

fn item(parser: &mut Parser<'_>) -> Result<Item, Refusal> {
    let Some(first) = parser.next() else { return parser.wrong("Unterminated [] set.") };
    if first != '\\' {
        return Ok(Item::Char(first));
    }
    if let Some(set) = shorthand(parser)? {
        return Ok(Item::Set(set));
    }
    Ok(Item::Char(match parser.peek() {
        Some('b') => {
            parser.next();
            '\u{8}'
        }
        Some('0'..='7') => {
            let octal = parser.take_while(3, |digit| digit.is_digit(8));
            let code = u32::from_str_radix(octal, 8).unwrap_or(0) & 0xFF;
            char::from_u32(code).unwrap_or('\0')
        }
        _ => parser.escaped_char()?,
    }))
}
