//! Letters that XML allows, as .NET knows them: those of the fourth edition.

/// True for a letter that documents may hold.
pub(super) fn is_xml_char(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// True for XML's four white-space letters.
pub(super) fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// True for a text of nothing but white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// True for a letter that a name without colon begins with.
pub(super) fn is_name_start(letter: char) -> bool {
    letter == '_' || (letter <= '\u{FFFF}' && letter.is_alphabetic() && !is_mark(letter))
}

/// True for a letter of a name without colon.
pub(super) fn is_name_char(letter: char) -> bool {
    is_name_start(letter)
        || matches!(letter, '-' | '.' | '\u{B7}')
        || letter.is_ascii_digit()
        || (letter > '\u{7F}' && letter <= '\u{FFFF}' && (is_mark(letter) || is_decimal(letter)))
}

/// Combining marks and extenders.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{486}' | '\u{591}'..='\u{5BD}' | '\u{64B}'..='\u{652}'
        | '\u{93E}'..='\u{94D}' | '\u{20D0}'..='\u{20DC}' | '\u{302A}'..='\u{302F}' | '\u{3099}' | '\u{309A}'
        | '\u{2D0}' | '\u{2D1}' | '\u{387}' | '\u{640}' | '\u{E46}' | '\u{EC6}' | '\u{3005}'
        | '\u{3031}'..='\u{3035}' | '\u{309D}' | '\u{309E}' | '\u{30FC}'..='\u{30FE}')
}

fn is_decimal(letter: char) -> bool {
    use icu_properties::CodePointMapData;
    use icu_properties::props::GeneralCategory;
    CodePointMapData::<GeneralCategory>::new().get(letter) == GeneralCategory::DecimalNumber
}

/// True for a name without colon (NCName).
pub(super) fn is_local_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_char)
}

/// True for a name, colons allowed.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|letter| letter == ':' || is_name_start(letter))
        && text.chars().all(|letter| letter == ':' || is_name_char(letter))
}
