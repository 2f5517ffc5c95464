//! Compiled patterns, and the cache that keeps them for the process.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use parking_lot::Mutex;

use crate::budget::Budget;
use crate::exception::Exception;
use crate::value::Text;

use super::class;
use super::node::{Group, Writer, number_groups};
use super::parse::{Flags, Parsed, Refusal, parse};
use super::walk::{self, Captured, Program};

/// Backtracking steps of one search before it counts as timed out.
const BACKTRACKS: usize = 1_000_000;
/// Bytes of one compiled automaton.
const AUTOMATON: usize = 8 << 20;
/// Bytes that one automaton may fill while it searches.
const SEARCH_CACHE: usize = 1 << 20;
/// Steps for compiling a pattern: an evaluation compiles few.
const COMPILING: u64 = 20_000;
/// Bytes of a pattern.
const LONGEST: usize = 64 << 10;
/// Patterns kept in the cache; when full, the older half goes.
const CACHED: usize = 128;

/// `RegexOptions` by their numbers.
pub(super) const IGNORE_CASE: i64 = 1;
const MULTILINE: i64 = 2;
const EXPLICIT_CAPTURE: i64 = 4;
const COMPILED: i64 = 8;
const SINGLELINE: i64 = 16;
const IGNORE_PATTERN_WHITESPACE: i64 = 32;
const RIGHT_TO_LEFT: i64 = 64;
const ECMA_SCRIPT: i64 = 256;
/// Every option; those not named above change nothing here.
const ALL: i64 = 0x7FF;

/// Where a group matched, in bytes.
pub(super) type Span = Option<(usize, usize)>;

/// A pattern ready to search.
pub(super) struct Compiled {
    /// As written.
    pub(super) pattern: Text,
    /// `RegexOptions`.
    pub(super) options: i64,
    /// The groups by number; the first is the whole match.
    pub(super) groups: Vec<Group>,
    parsed: Parsed,
    /// For texts of ASCII and others, and for texts that end in a line feed: what the text is known to lack makes the automata much smaller.
    engines: [OnceLock<Result<fancy_regex::Regex, Exception>>; 4],
    /// The same for [`super::walk`].
    program: OnceLock<Result<Program, Exception>>,
    /// True when only the latter can search.
    walks: bool,
}

struct Cache {
    /// Counts uses, to know the older half.
    clock: u64,
    entries: HashMap<(i64, Text), (u64, Arc<Compiled>)>,
}

static CACHE: LazyLock<Mutex<Cache>> =
    LazyLock::new(|| Mutex::new(Cache { clock: 0, entries: HashMap::new() }));

/// A pattern with its options, from the cache when it was used before.
///
/// # Errors
/// `ArgumentException` for a wrong pattern, `NotSupportedException` for one that this engine cannot search.
pub(super) fn compiled(
    pattern: &Text,
    options: i64,
    budget: &mut Budget,
) -> Result<Arc<Compiled>, Exception> {
    let key = (options, pattern.clone());
    {
        let mut cache = CACHE.lock();
        cache.clock += 1;
        let now = cache.clock;
        if let Some((used, found)) = cache.entries.get_mut(&key) {
            *used = now;
            return Ok(Arc::clone(found));
        }
    }
    budget.steps(COMPILING + pattern.len() as u64)?;
    let made = Arc::new(Compiled::new(pattern, options)?);
    let mut cache = CACHE.lock();
    if cache.entries.len() >= CACHED {
        let limit = median(cache.entries.values().map(|(used, _)| *used).collect());
        cache.entries.retain(|_, (used, _)| *used > limit);
    }
    let now = cache.clock;
    cache.entries.insert(key, (now, Arc::clone(&made)));
    Ok(made)
}

fn median(mut uses: Vec<u64>) -> u64 {
    uses.sort_unstable();
    uses.get(uses.len() / 2).copied().unwrap_or(0)
}

impl Compiled {
    /// Makes a pattern that the cache does not keep.
    ///
    /// # Errors
    /// As [`compiled`].
    pub(super) fn new(pattern: &Text, options: i64) -> Result<Self, Exception> {
        if options & !ALL != 0 {
            return Err(Exception::argument_out_of_range("options", ""));
        }
        if options & ECMA_SCRIPT != 0 && options & !(ECMA_SCRIPT | IGNORE_CASE | MULTILINE | COMPILED) != 0 {
            return Err(Exception::argument_out_of_range("options", ""));
        }
        if pattern.len() > LONGEST {
            return Err(unsupported("patterns longer than 64 KiB"));
        }
        let has = |option: i64| options & option != 0;
        let flags = Flags {
            ignore_case: has(IGNORE_CASE),
            multiline: has(MULTILINE),
            singleline: has(SINGLELINE),
            explicit_capture: has(EXPLICIT_CAPTURE),
            ignore_white_space: has(IGNORE_PATTERN_WHITESPACE),
            ecma_script: has(ECMA_SCRIPT),
        };
        let refused = |refusal| refused(pattern, refusal);
        let parsed = parse(pattern, flags).map_err(refused)?;
        let groups = number_groups(&parsed.keys, &parsed.root);
        let engines = [const { OnceLock::new() }; 4];
        let walks = parsed.balances || has(RIGHT_TO_LEFT);
        let program = OnceLock::new();
        let mut made = Self { pattern: pattern.clone(), options, groups, parsed, engines, program, walks };
        // Mistakes show when the pattern is made, not when it is used.
        if !walks {
            match made.engine(&Text::empty()) {
                Ok(_) => return Ok(made),
                Err(thrown) if thrown.type_name() != "System.NotSupportedException" => return Err(thrown),
                Err(_) => made.walks = true,
            }
        }
        made.program()?;
        Ok(made)
    }

    /// True with `RegexOptions.RightToLeft`.
    pub(super) fn is_backwards(&self) -> bool {
        self.options & RIGHT_TO_LEFT != 0
    }

    fn program(&self) -> Result<&Program, Exception> {
        let has = |option: i64| self.options & option != 0;
        let compile = || {
            let (root, groups) = (&self.parsed.root, &self.groups);
            walk::compile(root, groups, has(IGNORE_CASE), has(RIGHT_TO_LEFT), has(ECMA_SCRIPT)).map_err(
                |message| match message {
                    Some(message) => refused(&self.pattern, Refusal::Wrong(message)),
                    None => unsupported("a pattern this large"),
                },
            )
        };
        self.program.get_or_init(compile).as_ref().map_err(Clone::clone)
    }

    /// Runs the program: from a byte offset on, or at it alone.
    fn walk(
        &self,
        input: &Text,
        from: usize,
        anchored: bool,
        budget: &mut Budget,
    ) -> Result<Option<Captured>, Exception> {
        budget.steps(input.len() as u64 / 16 + 1)?;
        budget.allocate(input.len() * size_of::<char>())?;
        let text: Vec<char> = input.chars().collect();
        let mut offsets: Vec<usize> = input.char_indices().map(|(at, _)| at).collect();
        offsets.push(input.len());
        let start = offsets.partition_point(|offset| *offset < from);
        let most = BACKTRACKS + text.len() * 4;
        let mut left = most;
        let program = self.program()?;
        let found = if anchored {
            program.match_at(&text, start, start, &mut left)
        } else {
            program.search(&text, start, &mut left)
        };
        budget.steps((most - left) as u64 / 8)?;
        let mut found = match found {
            Ok(found) => found,
            Err(_) => {
                budget.steps(BACKTRACKS as u64)?;
                return Err(timed_out());
            }
        };
        let byte = |at: usize| offsets.get(at).copied().unwrap_or(input.len());
        for span in found.iter_mut().flatten().flatten() {
            *span = (byte(span.0), byte(span.1));
        }
        Ok(found)
    }

    /// Every capture of a group in a match, by byte offsets.
    ///
    /// # Errors
    /// As [`Compiled::find`].
    pub(super) fn captures(
        &self,
        input: &Text,
        whole: (usize, usize),
        group: usize,
        budget: &mut Budget,
    ) -> Result<Vec<(usize, usize)>, Exception> {
        let start = if self.is_backwards() { whole.1 } else { whole.0 };
        let found = self.walk(input, start, true, budget)?;
        Ok(found.and_then(|mut captures| captures.get_mut(group).map(std::mem::take)).unwrap_or_default())
    }

    fn engine(&self, input: &Text) -> Result<&fancy_regex::Regex, Exception> {
        let before_newline = input.ends_with('\n');
        let slot = self.engines.get(usize::from(before_newline) * 2 + usize::from(!input.is_ascii_only()));
        let built = slot.map(|slot| slot.get_or_init(|| self.build(input.is_ascii_only(), before_newline)));
        match built {
            Some(Ok(engine)) => Ok(engine),
            Some(Err(thrown)) => Err(thrown.clone()),
            None => Err(timed_out()),
        }
    }

    /// In a text of ASCII alone, letters and digits of other scripts need no states. In a text that does not end
    /// in a line feed, `$` is the very end.
    fn build(&self, ascii: bool, before_newline: bool) -> Result<fancy_regex::Regex, Exception> {
        let end = if before_newline { "(?=\\n?\\z)" } else { "\\z" };
        let mut writer = Writer { groups: &self.groups, end, out: String::new() };
        writer.write(&self.parsed.root).map_err(|message| refused(&self.pattern, Refusal::Wrong(message)))?;
        let written = if ascii {
            writer.out.replace(class::WORD, class::ASCII_WORD).replace(class::DIGIT, class::ASCII_DIGIT)
        } else {
            writer.out
        };
        fancy_regex::RegexBuilder::new(&written)
            .case_insensitive(self.options & IGNORE_CASE != 0)
            .backtrack_limit(BACKTRACKS)
            .delegate_size_limit(AUTOMATON)
            .delegate_dfa_size_limit(SEARCH_CACHE)
            .max_prog_size(100_000)
            .build()
            .map_err(|_| unsupported("this combination of constructs, or a pattern this large,"))
    }

    /// The first match at or after a byte offset: the span of each group.
    ///
    /// # Errors
    /// `RegexMatchTimeoutException` when the search backtracks too much.
    pub(super) fn find(
        &self,
        input: &Text,
        from: usize,
        budget: &mut Budget,
    ) -> Result<Option<Vec<Span>>, Exception> {
        budget.steps(4)?;
        if self.walks {
            let found = self.walk(input, from, false, budget)?;
            return Ok(found.map(|captures| captures.iter().map(|group| group.last().copied()).collect()));
        }
        let found = match self.engine(input)?.captures_from_pos(input.as_str(), from) {
            Ok(found) => found,
            Err(_) => {
                // Timed-out searches are what costs most: few fit into one evaluation, even when caught.
                budget.steps(BACKTRACKS as u64)?;
                return Err(timed_out());
            }
        };
        let Some(found) = found else {
            budget.steps((input.len() - from.min(input.len())) as u64 / 16)?;
            return Ok(None);
        };
        let span = |capture: &usize| found.get(*capture).map(|part| (part.start(), part.end()));
        // Of parentheses that share a name, the last that took part counts.
        let spans: Vec<Span> =
            self.groups.iter().map(|group| group.captures.iter().rev().find_map(span)).collect();
        let end = found.get(0).map_or(from, |whole| whole.end());
        budget.steps(end.saturating_sub(from) as u64 / 16)?;
        budget.allocate(spans.len() * size_of::<Span>())?;
        Ok(Some(spans))
    }

    /// True when there is a match at or after a byte offset.
    ///
    /// # Errors
    /// As [`Compiled::find`].
    pub(super) fn is_match(&self, input: &Text, from: usize, budget: &mut Budget) -> Result<bool, Exception> {
        self.find(input, from, budget).map(|found| found.is_some())
    }

    /// The position in [`Compiled::groups`] of a group by its number.
    pub(super) fn by_number(&self, number: i64) -> Option<usize> {
        self.groups.iter().position(|group| i64::from(group.number) == number)
    }

    /// The position of a group by its name.
    pub(super) fn by_name(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }
}

impl Compiled {
    /// Where to search after a match: behind it, and one character further when it was empty; none at the end.
    pub(super) fn next_start(&self, input: &str, (start, end): (usize, usize)) -> Option<usize> {
        match (end > start, self.is_backwards()) {
            (true, false) => Some(end),
            (true, true) => Some(start),
            (false, false) => input.get(end..)?.chars().next().map(|skipped| end + skipped.len_utf8()),
            (false, true) => {
                input.get(..start)?.chars().next_back().map(|skipped| start - skipped.len_utf8())
            }
        }
    }

    /// Where a search without a start of its own begins.
    pub(super) fn first_start(&self, input: &str) -> usize {
        if self.is_backwards() { input.len() } else { 0 }
    }
}

fn refused(pattern: &Text, refusal: Refusal) -> Exception {
    match refusal {
        Refusal::Wrong(message) => wrong(pattern, &message),
        Refusal::Unsupported(what) => unsupported(what),
    }
}

/// .NET's exception for a pattern that is no pattern.
pub(super) fn wrong(pattern: &str, message: &str) -> Exception {
    Exception::argument(format!("parsing \"{pattern}\" - {message}"), "")
}

fn unsupported(what: &str) -> Exception {
    Exception::not_supported(format!("regular expressions with {what} are not supported"))
}

fn timed_out() -> Exception {
    let message = "The Regex engine has timed out while trying to match a pattern to an input string. This can \
                   occur for many reasons, including very large inputs or excessive backtracking caused by nested \
                   quantifiers, back-references and other factors.";
    Exception::new("System.Text.RegularExpressions.RegexMatchTimeoutException", message)
}

/// How many patterns the cache holds.
#[cfg(test)]
pub(super) fn cached() -> usize {
    CACHE.lock().entries.len()
}
