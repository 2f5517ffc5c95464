//! Reading dates and times from text in the invariant culture.

use crate::dotnet::date::calendar::{
    DAY_NAMES, MONTH_NAMES, TICKS_PER_MINUTE, date_ticks, fields, in_range, time_ticks,
};

/// A date and time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// Clock time in ticks since 0001-01-01T00:00:00.
    pub(crate) ticks: i64,
    /// Minutes east of UTC, when the text says so.
    pub(crate) offset_minutes: Option<i64>,
}

impl Read {
    /// The instant in UTC; of text without an offset, its clock time.
    pub(crate) fn utc_ticks(self) -> Option<i64> {
        let ticks = self.ticks - self.offset_minutes.unwrap_or(0) * TICKS_PER_MINUTE;
        in_range(ticks).then_some(ticks)
    }
}

/// `Parse`: ISO 8601, RFC 1123, `MM/dd/yyyy HH:mm:ss` and their mixtures; a missing date is `today`'s.
pub(crate) fn read_date(text: &str, today: i64) -> Option<Read> {
    let text = text.trim_end_matches('\0').trim();
    let mut reader = Reader { rest: text, ..Reader::default() };
    if reader.rest.is_empty() {
        return None;
    }
    while !reader.rest.is_empty() {
        reader.part()?;
    }
    reader.result(today)
}

/// What was read so far.
#[derive(Default)]
struct Reader<'t> {
    rest: &'t str,
    /// Numbers of the date with their count of digits.
    numbers: Vec<(i64, usize)>,
    /// The month given by name, and how many numbers came before it.
    month: Option<(i64, usize)>,
    day_of_week: Option<i64>,
    time: Option<Clock>,
    offset: Option<i64>,
    /// A `T` stood between date and time.
    iso: bool,
    /// The last character was a comma: what follows is no separator.
    after_comma: bool,
}

#[derive(Clone, Copy)]
struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    fraction: i64,
}

/// Takes digits off the front: their value and count.
fn take_number(text: &str) -> Option<(i64, usize, &str)> {
    let end = text.find(|next: char| !next.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, digits.len(), rest))
}

/// Ticks of a fraction of a second; the eighth digit rounds.
pub(super) fn fraction_ticks(digits: &str) -> Option<i64> {
    let kept: i64 = format!("{digits:0<7}").get(..7)?.parse().ok()?;
    let up = digits.as_bytes().get(7).is_some_and(|digit| *digit >= b'5');
    Some(kept + i64::from(up))
}

/// The position of a name, full or by its first three letters.
fn named(names: &[&str], word: &str) -> Option<i64> {
    let matches = |name: &&str| {
        word.eq_ignore_ascii_case(name) || name.get(..3).is_some_and(|short| word.eq_ignore_ascii_case(short))
    };
    names.iter().position(matches).and_then(|at| i64::try_from(at).ok())
}

impl Reader<'_> {
    /// Reads one part: a number, a word or what stands between.
    fn part(&mut self) -> Option<()> {
        let next = self.rest.chars().next()?;
        if next.is_ascii_digit() {
            self.after_comma = false;
            return self.number();
        }
        if next.is_alphabetic() {
            self.after_comma = false;
            return self.word();
        }
        let complete = self.time.is_some() || self.numbers.len() == 3;
        let zone = match next {
            '+' => complete || self.is_new(),
            '-' => (complete && !self.inside_date()) || self.after_comma || self.is_new(),
            _ => false,
        };
        if zone && self.offset.is_none() {
            return self.zone();
        }
        // Separators of a date stand between its parts.
        let allowed = match next {
            '/' | '-' => self.inside_date() || (self.time.is_none() && self.month.is_some()),
            '.' | ',' => !self.is_new(),
            _ => next.is_whitespace(),
        };
        if !allowed {
            return None;
        }
        self.rest = self.rest.get(next.len_utf8()..)?;
        self.after_comma = next == ',';
        let doubled =
            matches!(next, '/' | '-') && !self.rest.starts_with(|next: char| next.is_alphanumeric());
        (!doubled).then_some(())
    }

    /// True as long as nothing of the date and time was read.
    fn is_new(&self) -> bool {
        let Self { numbers, month, day_of_week, time, offset, .. } = self;
        numbers.is_empty() && month.is_none() && day_of_week.is_none() && time.is_none() && offset.is_none()
    }

    /// True between the numbers of a date.
    fn inside_date(&self) -> bool {
        matches!(self.numbers.len(), 1 | 2)
    }

    fn number(&mut self) -> Option<()> {
        let (value, length, rest) = take_number(self.rest)?;
        if rest.starts_with(':') {
            return self.clock();
        }
        self.rest = rest;
        // "3 PM" is a time without minutes.
        let half = rest
            .trim_start()
            .get(..2)
            .is_some_and(|half| half.eq_ignore_ascii_case("AM") || half.eq_ignore_ascii_case("PM"));
        if half && self.time.is_none() {
            self.time = Some(Clock { hour: value, minute: 0, second: 0, fraction: 0 });
            return Some(());
        }
        if self.numbers.len() == 3 || length > 4 {
            return None;
        }
        self.numbers.push((value, length));
        Some(())
    }

    fn clock(&mut self) -> Option<()> {
        if self.time.is_some() {
            return None;
        }
        // ISO 8601 has two digits each.
        let fits = |length: usize| !self.iso || length == 2;
        let (hour, hour_length, rest) = take_number(self.rest)?;
        let (minute, minute_length, mut rest) = take_number(rest.strip_prefix(':')?)?;
        if !fits(hour_length) || !fits(minute_length) {
            return None;
        }
        let (mut second, mut fraction) = (0, 0);
        if let Some(after) = rest.strip_prefix(':') {
            let (value, length, after) = take_number(after)?;
            if !fits(length) {
                return None;
            }
            (second, rest) = (value, after);
            if let Some(digits) = rest.strip_prefix('.') {
                let end = digits.find(|next: char| !next.is_ascii_digit()).unwrap_or(digits.len());
                let (digits, after) = digits.split_at(end);
                if self.iso && digits.is_empty() {
                    return None;
                }
                fraction = fraction_ticks(digits)?;
                rest = after;
            }
        }
        self.rest = rest;
        self.time = Some(Clock { hour, minute, second, fraction });
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let end = self.rest.find(|next: char| !next.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word.to_ascii_uppercase().as_str() {
            // ISO 8601: a time must follow the date.
            "T" if self.time.is_none() && self.numbers.len() == 3 && rest.contains(':') => {
                self.iso = true;
                Some(())
            }
            // Behind a time of ISO 8601 only its own mark of UTC may stand.
            zone @ ("Z" | "GMT" | "UTC")
                if (zone == "Z" || !self.iso)
                    && self.offset.is_none()
                    && (self.time.is_some() || self.numbers.len() == 3) =>
            {
                self.offset = Some(0);
                Some(())
            }
            "AM" | "PM" | "A" | "P" => {
                let afternoon = word.starts_with(['P', 'p']);
                let latest = if afternoon { 23 } else { 12 };
                let clock = self.time.as_mut().filter(|clock| clock.hour <= latest)?;
                clock.hour = match clock.hour {
                    12 if !afternoon => 0,
                    hour @ ..12 if afternoon => hour + 12,
                    hour => hour,
                };
                Some(())
            }
            _ => {
                if let Some(month) = named(&MONTH_NAMES, word).filter(|_| self.month.is_none()) {
                    self.month = Some((month + 1, self.numbers.len()));
                } else {
                    let day = named(&DAY_NAMES, word).filter(|_| self.day_of_week.is_none())?;
                    self.day_of_week = Some(day);
                }
                Some(())
            }
        }
    }

    fn zone(&mut self) -> Option<()> {
        let (minutes, rest) = take_zone(self.rest)?;
        self.offset = Some(minutes);
        self.rest = rest;
        Some(())
    }

    fn result(&self, today: i64) -> Option<Read> {
        let this_year = fields(today).year;
        let numbers = self.numbers.as_slice();
        let (year, month, day) = match (self.month, numbers) {
            (None, []) if self.time.is_some() => {
                let now = fields(today);
                (now.year, now.month, now.day)
            }
            (None, [(year, 3..), (month, _), (day, _)]) => (*year, *month, *day),
            (None, [(month, ..3), (day, ..3), year]) => (full_year(*year), *month, *day),
            (None, [(year, 3..), (month, ..3)] | [(month, ..3), (year, 3..)]) => (*year, *month, 1),
            (None, [(month, _), (day, _)]) => (this_year, *month, *day),
            (Some((month, _)), [(year, 3..), (day, ..3)] | [(day, ..3), (year, 3..)]) => (*year, month, *day),
            (Some((month, _)), [(day, _), year]) => (full_year(*year), month, *day),
            (Some((month, _)), [year @ (_, 3..)]) => (full_year(*year), month, 1),
            // The invariant culture writes the year before the month and the day behind it.
            (Some((month, 1)), [year]) => (full_year(*year), month, 1),
            (Some((month, _)), [(day, _)]) => (this_year, month, *day),
            _ => return None,
        };
        let date = date_ticks(year, month, day)?;
        if self.day_of_week.is_some_and(|day| day != fields(date).day_of_week) {
            return None;
        }
        let time = match self.time {
            Some(Clock { hour, minute, second, fraction }) => time_ticks(hour, minute, second)? + fraction,
            None => 0,
        };
        Some(Read { ticks: date + time, offset_minutes: self.offset }).filter(|read| in_range(read.ticks))
    }
}

/// Years of two digits lie between 1930 and 2029.
pub(super) fn full_year((year, length): (i64, usize)) -> i64 {
    match year {
        _ if length > 2 => year,
        ..30 => 2000 + year,
        _ => 1900 + year,
    }
}

/// Takes `+hh`, `+hhmm` or `+hh:mm` off the front: minutes east of UTC.
pub(super) fn take_zone(text: &str) -> Option<(i64, &str)> {
    let negative = text.starts_with('-');
    let (value, length, mut rest) = take_number(text.get(1..)?)?;
    let (hours, minutes) = match length {
        1 | 2 => match rest.strip_prefix(':') {
            Some(after) => {
                let (minutes, _, after) = take_number(after)?;
                rest = after;
                (value, minutes)
            }
            None => (value, 0),
        },
        3 | 4 => (value / 100, value % 100),
        _ => return None,
    };
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 14 * 60).then_some((if negative { -total } else { total }, rest))
}
