//! Custom numeric formats (`#,##0.00;(0);zero`) in the invariant culture.

use super::digits::{Digits, Number, Wanted};
use super::number::exponent_text;

/// What one section asks for.
#[derive(Debug, Default)]
struct Shape {
    /// Placeholders in all.
    places: i64,
    /// Placeholders before the point.
    point: i64,
    /// Leading places that are always written.
    required_whole: i64,
    /// The last place that is always written, as a negative count behind the point.
    required_fraction: i64,
    /// Powers of ten to multiply with: `%`, `‰` and trailing commas.
    shift: i32,
    thousands: bool,
    scientific: bool,
}

/// Lays a number out. Every text is a valid format.
pub(super) fn format_custom(number: &Number, format: &str) -> String {
    // As .NET does, fractions are first cut to the digits that are certain.
    let wanted = match number {
        Number::Single(_) => Wanted::Significant(7),
        _ => Wanted::Significant(15),
    };
    let mut taken = Digits::new(number, wanted);
    taken.round(i64::MAX);
    let format: Vec<char> = format.chars().collect();
    let sections = split(&format);
    let chosen = match (taken.digits.is_empty(), taken.negative) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    };
    let mut index = usable(&sections, chosen);
    let mut section = sections.get(index).copied().unwrap_or_default();
    let mut shape = measure(section);
    if taken.digits.is_empty() {
        taken.scale = 0;
    } else {
        apply(&mut taken, &shape);
        let zero = usable(&sections, 2);
        if taken.digits.is_empty() && zero != index {
            // Rounded to nothing: the section for zero has its own shape.
            index = zero;
            section = sections.get(index).copied().unwrap_or_default();
            shape = measure(section);
        }
    }
    let negative = taken.negative && index == 0;
    let mut writer = Writer::new(taken, &shape);
    writer.write(section, &shape);
    if negative && (writer.number.scale != 0 || !writer.out.is_empty()) {
        writer.out.insert(0, '-');
    }
    writer.out
}

fn apply(taken: &mut Digits, shape: &Shape) {
    taken.scale += shape.shift;
    let position =
        if shape.scientific { shape.places } else { i64::from(taken.scale) + shape.places - shape.point };
    taken.round(position);
}

/// The sections between `;` outside quotes.
fn split(format: &[char]) -> Vec<&[char]> {
    let mut sections = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(character) = format.get(at) {
        at += 1;
        match character {
            '\'' | '"' => at = closing_quote(format, at, *character) + 1,
            '\\' => at += 1,
            ';' => {
                sections.push(format.get(start..at - 1).unwrap_or_default());
                start = at;
            }
            _ => {}
        }
    }
    sections.push(format.get(start..).unwrap_or_default());
    sections
}

fn closing_quote(format: &[char], from: usize, quote: char) -> usize {
    let rest = format.get(from..).unwrap_or_default();
    from + rest.iter().position(|character| *character == quote).unwrap_or(rest.len())
}

/// A section that is missing or empty stands for the first.
fn usable(sections: &[&[char]], index: usize) -> usize {
    if sections.get(index).is_some_and(|section| !section.is_empty()) { index } else { 0 }
}

/// The length of an exponent (`E+00`) that starts at `at`; none when it is plain text.
fn exponent_length(section: &[char], at: usize) -> Option<usize> {
    let signed = matches!(section.get(at + 1), Some('+' | '-'));
    let zeros = at + 1 + usize::from(signed);
    let count = section.get(zeros..)?.iter().take_while(|character| **character == '0').count();
    (count > 0).then_some(zeros + count - at)
}

fn measure(section: &[char]) -> Shape {
    let mut shape = Shape::default();
    let (mut first, mut last, mut point) = (None, 0, None);
    let mut commas: Option<(i64, i32)> = None;
    let mut at = 0;
    while let Some(character) = section.get(at) {
        match character {
            '#' => shape.places += 1,
            '0' => {
                first.get_or_insert(shape.places);
                shape.places += 1;
                last = shape.places;
            }
            '.' => {
                point.get_or_insert(shape.places);
            }
            ',' if shape.places > 0 && point.is_none() => match &mut commas {
                Some((position, count)) if *position == shape.places => *count += 1,
                Some(position) => {
                    shape.thousands = true;
                    *position = (shape.places, 1);
                }
                None => commas = Some((shape.places, 1)),
            },
            '%' => shape.shift += 2,
            '\u{2030}' => shape.shift += 3,
            '\'' | '"' => at = closing_quote(section, at + 1, *character),
            '\\' => at += 1,
            'E' | 'e' => {
                if let Some(length) = exponent_length(section, at) {
                    shape.scientific = true;
                    at += length - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    shape.point = point.unwrap_or(shape.places);
    match commas {
        Some((position, count)) if position == shape.point => shape.shift -= count * 3,
        Some(_) => shape.thousands = true,
        None => {}
    }
    shape.required_whole = (shape.point - first.unwrap_or(i64::MAX)).max(0);
    shape.required_fraction = (shape.point - last).min(0);
    shape
}

struct Writer {
    number: Digits,
    out: String,
    /// The next digit of the number.
    next: usize,
    /// Places left before the point; negative behind it.
    place: i64,
    /// Digits more than places (positive), or places more than digits (negative).
    adjust: i64,
    thousands: bool,
    point_written: bool,
}

impl Writer {
    fn new(number: Digits, shape: &Shape) -> Self {
        let scale = i64::from(number.scale);
        let (place, adjust) =
            if shape.scientific { (shape.point, 0) } else { (scale.max(shape.point), scale - shape.point) };
        Self {
            number,
            out: String::new(),
            next: 0,
            place,
            adjust,
            thousands: shape.thousands,
            point_written: false,
        }
    }

    fn digit(&mut self) -> Option<char> {
        let digit = self.number.digits.get(self.next).map(|digit| char::from(b'0' + digit));
        self.next += usize::from(digit.is_some());
        digit
    }

    /// Writes a digit before or behind the point, and the separator that follows it.
    fn put(&mut self, digit: char) {
        self.out.push(digit);
        let whole_left = self.place - 1;
        if self.thousands && whole_left > 0 && whole_left % 3 == 0 {
            self.out.push(',');
        }
    }

    fn write(&mut self, section: &[char], shape: &Shape) {
        let mut at = 0;
        while let Some(character) = section.get(at).copied() {
            if matches!(character, '#' | '0' | '.') {
                while self.adjust > 0 {
                    let digit = self.digit().unwrap_or('0');
                    self.put(digit);
                    self.place -= 1;
                    self.adjust -= 1;
                }
            }
            match character {
                '#' | '0' => self.placeholder(shape),
                '.' => {
                    let more = self.next < self.number.digits.len();
                    let wanted = shape.required_fraction < 0 || (shape.point < shape.places && more);
                    if self.place == 0 && !self.point_written && wanted {
                        self.out.push('.');
                        self.point_written = true;
                    }
                }
                ',' => {}
                '\'' | '"' => {
                    let end = closing_quote(section, at + 1, character);
                    self.out.extend(section.get(at + 1..end).unwrap_or_default());
                    at = end;
                }
                '\\' => {
                    at += 1;
                    self.out.extend(section.get(at));
                }
                'E' | 'e' => match exponent_length(section, at).filter(|_| shape.scientific) {
                    Some(length) => {
                        let plus = section.get(at + 1) == Some(&'+');
                        let signed = matches!(section.get(at + 1), Some('+' | '-'));
                        let width = (length - 1 - usize::from(signed)).min(10);
                        let zero = self.number.digits.is_empty();
                        let point = i32::try_from(shape.point).unwrap_or(0);
                        let exponent = if zero { 0 } else { self.number.scale - point };
                        self.out.push_str(&exponent_text(exponent, character, width, plus));
                        at += length - 1;
                    }
                    None => self.out.push(character),
                },
                _ => self.out.push(character),
            }
            at += 1;
        }
    }

    fn placeholder(&mut self, shape: &Shape) {
        let digit = if self.adjust < 0 {
            self.adjust += 1;
            (self.place <= shape.required_whole).then_some('0')
        } else {
            self.digit().or((self.place > shape.required_fraction).then_some('0'))
        };
        if let Some(digit) = digit {
            self.put(digit);
        }
        self.place -= 1;
    }
}
