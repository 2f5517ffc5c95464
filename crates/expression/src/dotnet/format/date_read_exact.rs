//! Reading dates and times that follow a given pattern.

use super::date_read::{Read, fraction_ticks, full_year, take_zone};
use crate::dotnet::date::calendar::{DAY_NAMES, MONTH_NAMES, date_ticks, fields, in_range, time_ticks};

/// `ParseExact` with a custom format or the letter of a standard one; a missing date is `today`'s.
pub(crate) fn read_date_exact(text: &str, format: &str, today: i64) -> Option<Read> {
    let pattern = match format {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "g" => "MM/dd/yyyy HH:mm",
        "G" => "MM/dd/yyyy HH:mm:ss",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "r" | "R" => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        _ => format,
    };
    let mut exact = Exact::default();
    let rest = exact.follow(text, &pattern.chars().collect::<Vec<_>>())?;
    if !rest.is_empty() {
        return None;
    }
    if matches!(format, "r" | "R" | "u") {
        exact.offset = Some(0);
    }
    exact.result(today)
}

#[derive(Default)]
struct Exact {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_week: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    fraction: i64,
    afternoon: Option<bool>,
    offset: Option<i64>,
}

impl Exact {
    /// Follows the pattern through the text and gives what is left of the text.
    fn follow<'t>(&mut self, text: &'t str, pattern: &[char]) -> Option<&'t str> {
        let mut rest = text;
        let mut at = 0;
        while let Some(character) = pattern.get(at).copied() {
            let mut count = super::date::repeated(pattern.get(at..)?);
            match character {
                '\'' | '"' => {
                    let mut literal = String::new();
                    count = super::date::quoted(pattern.get(at + 1..)?, character, &mut literal).ok()? + 1;
                    rest = rest.strip_prefix(literal.as_str())?;
                }
                '\\' => {
                    rest = rest.strip_prefix(*pattern.get(at + 1)?)?;
                    count = 2;
                }
                '%' => count = 1,
                _ if "dMyhHmsfFtzK".contains(character) => rest = self.specifier(rest, character, count)?,
                _ => {
                    rest = rest.strip_prefix(character)?;
                    count = 1;
                }
            }
            at += count;
        }
        Some(rest)
    }

    fn specifier<'t>(&mut self, text: &'t str, letter: char, count: usize) -> Option<&'t str> {
        match (letter, count) {
            ('d', 3..) => {
                let (name, rest) = take_name(text, &DAY_NAMES, count)?;
                self.day_of_week = Some(name);
                return Some(rest);
            }
            ('M', 3..) => {
                let (name, rest) = take_name(text, &MONTH_NAMES, count)?;
                self.month = Some(name + 1);
                return Some(rest);
            }
            ('t', _) => {
                let half = text.get(..count.min(2))?;
                self.afternoon = Some(match half.to_ascii_uppercase().as_str() {
                    "A" | "AM" => false,
                    "P" | "PM" => true,
                    _ => return None,
                });
                return text.get(half.len()..);
            }
            ('K', _) if text.is_empty() => return Some(text),
            ('K' | 'z', _) => {
                if let Some(rest) = text.strip_prefix(['Z', 'z']) {
                    self.offset = Some(0);
                    return Some(rest);
                }
                let (minutes, rest) = text.starts_with(['+', '-']).then(|| take_zone(text))??;
                self.offset = Some(minutes);
                return Some(rest);
            }
            ('f' | 'F', _) => {
                let end = text.bytes().take(count).take_while(u8::is_ascii_digit).count();
                if letter == 'f' && end < count {
                    return None;
                }
                let (digits, rest) = text.split_at(end);
                self.fraction = fraction_ticks(digits)?;
                return Some(rest);
            }
            _ => {}
        }
        let most = if letter == 'y' { count.max(2) } else { 2 };
        let least = if count == 1 { 1 } else { count.min(most) };
        let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < least {
            return None;
        }
        let (digits, rest) = text.split_at(length);
        let value: i64 = digits.parse().ok()?;
        match letter {
            'd' => self.day = Some(value),
            'M' => self.month = Some(value),
            'y' => self.year = Some(full_year((value, count.max(2)))),
            'h' => self.hour = value % 12,
            'H' => self.hour = value,
            'm' => self.minute = value,
            _ => self.second = value,
        }
        Some(rest)
    }

    fn result(&self, today: i64) -> Option<Read> {
        let now = fields(today);
        let dated = self.year.or(self.month).or(self.day).is_some();
        let (year, month, day) = match dated {
            true => (self.year.unwrap_or(now.year), self.month.unwrap_or(1), self.day.unwrap_or(1)),
            false => (now.year, now.month, now.day),
        };
        let date = date_ticks(year, month, day)?;
        if self.day_of_week.is_some_and(|day| day != fields(date).day_of_week) {
            return None;
        }
        let hour = self.hour + if self.afternoon == Some(true) && self.hour < 12 { 12 } else { 0 };
        let ticks = date + time_ticks(hour, self.minute, self.second)? + self.fraction;
        Some(Read { ticks, offset_minutes: self.offset }).filter(|read| in_range(read.ticks))
    }
}

fn take_name<'t>(text: &'t str, names: &[&str], count: usize) -> Option<(i64, &'t str)> {
    for (at, name) in names.iter().enumerate() {
        let name = if count == 3 { name.get(..3)? } else { name };
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return Some((i64::try_from(at).ok()?, text.get(name.len()..)?));
        }
    }
    None
}
