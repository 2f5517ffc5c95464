//! Runs programs.

use super::{Assertion, Program, Step};

/// Choices and what to take back, at most.
const DEEPEST: usize = 2_000_000;

/// Every capture of every group in the order they were made, in characters; the first group is the whole match.
pub(in crate::dotnet::regex) type Captured = Vec<Vec<(usize, usize)>>;

/// One entry of the searcher's memory.
#[derive(Clone, Copy)]
enum Entry {
    /// Goes on here when what follows fails.
    Choice { step: usize, at: usize },
    /// What is to be taken back.
    Undo(Undo),
}

#[derive(Clone, Copy)]
enum Undo {
    DropMark,
    Mark(usize),
    DropCapture(usize),
    Capture(usize, (usize, usize)),
    DropTurns,
    Turns(Turns),
    /// What the innermost loop's turns were.
    TurnsWere(Turns),
    DropGuard,
    Guard(Guarded),
}

/// How often the innermost loop went round, and where its last turn began.
#[derive(Clone, Copy)]
struct Turns {
    count: u32,
    from: Option<usize>,
}

/// How many entries there were, and where the search stood.
#[derive(Clone, Copy)]
struct Guarded {
    height: usize,
    at: usize,
}

/// The search ran out of steps.
#[derive(Debug)]
pub(in crate::dotnet::regex) struct OutOfSteps;

struct Searcher<'p> {
    program: &'p Program,
    text: &'p [char],
    search_start: usize,
    at: usize,
    memory: Vec<Entry>,
    marks: Vec<usize>,
    captures: Captured,
    turns: Vec<Turns>,
    guards: Vec<Guarded>,
    steps_left: usize,
}

impl Program {
    /// The first match from a position on, in the program's direction.
    ///
    /// # Errors
    /// [`OutOfSteps`] when the search takes more than `steps`.
    pub(in crate::dotnet::regex) fn search(
        &self,
        text: &[char],
        from: usize,
        steps: &mut usize,
    ) -> Result<Option<Captured>, OutOfSteps> {
        let mut start = from;
        loop {
            if let Some(found) = self.match_at(text, start, from, steps)? {
                return Ok(Some(found));
            }
            match self.backwards {
                true if start == 0 => return Ok(None),
                true => start -= 1,
                false if start >= text.len() => return Ok(None),
                false => start += 1,
            }
        }
    }

    /// The match that begins at a position.
    ///
    /// # Errors
    /// As [`Program::search`].
    pub(in crate::dotnet::regex) fn match_at(
        &self,
        text: &[char],
        start: usize,
        search_start: usize,
        steps: &mut usize,
    ) -> Result<Option<Captured>, OutOfSteps> {
        let mut searcher = Searcher {
            program: self,
            text,
            search_start,
            at: start,
            memory: Vec::new(),
            marks: Vec::new(),
            captures: vec![Vec::new(); self.groups],
            turns: Vec::new(),
            guards: Vec::new(),
            steps_left: *steps,
        };
        let matched = searcher.run();
        *steps = searcher.steps_left;
        if !matched? {
            return Ok(None);
        }
        let end = searcher.at;
        if let Some(whole) = searcher.captures.first_mut() {
            *whole = vec![(start.min(end), start.max(end))];
        }
        Ok(Some(searcher.captures))
    }
}

impl Searcher<'_> {
    /// True when the program came to its end.
    fn run(&mut self) -> Result<bool, OutOfSteps> {
        let mut at = 0;
        loop {
            self.steps_left = self.steps_left.checked_sub(1).ok_or(OutOfSteps)?;
            if self.memory.len() > DEEPEST {
                return Err(OutOfSteps);
            }
            let next = match self.program.steps.get(at) {
                Some(Step::Matched) | None => return Ok(true),
                Some(step) => self.step(*step, at),
            };
            at = match next.or_else(|| self.take_back(0)) {
                Some(next) => next,
                None => return Ok(false),
            };
        }
    }

    /// The place to go on at; none when the step fails.
    fn step(&mut self, step: Step, place: usize) -> Option<usize> {
        let next = place + 1;
        match step {
            Step::One { set, backwards } => {
                let scalar = if backwards { self.before(0) } else { self.after(0) }?;
                if !self.program.sets.get(set)?.contains(scalar) {
                    return None;
                }
                self.at = if backwards { self.at - 1 } else { self.at + 1 };
                Some(next)
            }
            Step::Assert(assertion) => self.holds(assertion).then_some(next),
            Step::Split(first, second) => {
                self.memory.push(Entry::Choice { step: second, at: self.at });
                Some(first)
            }
            Step::Jump(to) => Some(to),
            Step::Open => {
                self.marks.push(self.at);
                self.undo(Undo::DropMark);
                Some(next)
            }
            Step::Close { group, pop } => self.close(group, pop).then_some(next),
            Step::Reference { group, ignore_case, backwards } => {
                self.repeats(group, ignore_case, backwards).then_some(next)
            }
            Step::IfCaptured { group, otherwise } => {
                let captured = self.captures.get(group).is_some_and(|captures| !captures.is_empty());
                Some(if captured { next } else { otherwise })
            }
            Step::EnterLoop => {
                self.turns.push(Turns { count: 0, from: None });
                self.undo(Undo::DropTurns);
                Some(next)
            }
            Step::Loop { least, most, lazy, exit } => self.turn(least, most, lazy, next, exit),
            Step::LeaveLoop => {
                let turns = self.turns.pop()?;
                self.undo(Undo::Turns(turns));
                Some(next)
            }
            Step::Guard => {
                self.guard();
                Some(next)
            }
            Step::GuardOr(otherwise) => {
                self.guard();
                self.memory.push(Entry::Choice { step: otherwise, at: self.at });
                Some(next)
            }
            Step::Commit { rewind } => {
                let guarded = self.drop_guard()?;
                self.commit(guarded.height);
                if rewind {
                    self.at = guarded.at;
                }
                Some(next)
            }
            Step::Refuse => {
                let height = self.guards.last()?.height;
                self.take_back_all(height);
                None
            }
            Step::DropGuard => self.drop_guard().map(|_| next),
            Step::Fail | Step::Matched => None,
        }
    }

    fn undo(&mut self, undo: Undo) {
        self.memory.push(Entry::Undo(undo));
    }

    fn before(&self, back: usize) -> Option<char> {
        self.text.get(self.at.checked_sub(back + 1)?).copied()
    }

    fn after(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn guard(&mut self) {
        // The entry that takes the guard back stays when the guard is committed.
        self.undo(Undo::DropGuard);
        self.guards.push(Guarded { height: self.memory.len(), at: self.at });
    }

    fn drop_guard(&mut self) -> Option<Guarded> {
        let guarded = self.guards.pop()?;
        self.undo(Undo::Guard(guarded));
        Some(guarded)
    }

    /// Drops the choices above a height; what is to be taken back stays.
    fn commit(&mut self, height: usize) {
        let mut kept = height;
        for at in height..self.memory.len() {
            if let Some(entry @ Entry::Undo(_)) = self.memory.get(at).copied() {
                if let Some(slot) = self.memory.get_mut(kept) {
                    *slot = entry;
                }
                kept += 1;
            }
        }
        self.memory.truncate(kept);
    }

    /// Takes back to the last choice above a height and gives where it goes on.
    fn take_back(&mut self, height: usize) -> Option<usize> {
        while self.memory.len() > height {
            match self.memory.pop()? {
                Entry::Choice { step, at } => {
                    self.at = at;
                    return Some(step);
                }
                Entry::Undo(undo) => self.take(undo),
            }
        }
        None
    }

    fn take_back_all(&mut self, height: usize) {
        while self.take_back(height).is_some() {}
    }

    fn take(&mut self, undo: Undo) {
        match undo {
            Undo::DropMark => drop(self.marks.pop()),
            Undo::Mark(mark) => self.marks.push(mark),
            Undo::DropCapture(group) => drop(self.captures.get_mut(group).and_then(Vec::pop)),
            Undo::Capture(group, span) => {
                if let Some(captures) = self.captures.get_mut(group) {
                    captures.push(span);
                }
            }
            Undo::DropTurns => drop(self.turns.pop()),
            Undo::Turns(turns) => self.turns.push(turns),
            Undo::TurnsWere(turns) => {
                if let Some(last) = self.turns.last_mut() {
                    *last = turns;
                }
            }
            Undo::DropGuard => drop(self.guards.pop()),
            Undo::Guard(guarded) => self.guards.push(guarded),
        }
    }

    /// Ends a group; false when the group that should lose a capture has none.
    fn close(&mut self, group: Option<usize>, pop: Option<usize>) -> bool {
        let Some(mark) = self.marks.pop() else { return false };
        self.undo(Undo::Mark(mark));
        let mut span = (mark.min(self.at), mark.max(self.at));
        if let Some(popped) = pop {
            let Some(lost) = self.captures.get_mut(popped).and_then(Vec::pop) else { return false };
            self.undo(Undo::Capture(popped, lost));
            span = between(span, lost);
        }
        if let Some(group) = group
            && let Some(captures) = self.captures.get_mut(group)
        {
            captures.push(span);
            self.undo(Undo::DropCapture(group));
        }
        true
    }

    /// True, and behind it, when the text goes on with what the group captured last.
    fn repeats(&mut self, group: usize, ignore_case: bool, backwards: bool) -> bool {
        let captured = self.captures.get(group).and_then(|captures| captures.last()).copied();
        let Some((start, end)) = captured else { return false };
        let length = end - start;
        let from = if backwards { self.at.checked_sub(length) } else { Some(self.at) };
        let Some(from) = from else { return false };
        let here = self.text.get(from..from + length);
        let there = self.text.get(start..end);
        let (Some(here), Some(there)) = (here, there) else { return false };
        let same = here
            .iter()
            .zip(there)
            .all(|(one, other)| one == other || (ignore_case && one.to_lowercase().eq(other.to_lowercase())));
        if same {
            self.at = if backwards { from } else { from + length };
        }
        same
    }

    /// One more turn of the innermost loop, or its end.
    fn turn(&mut self, least: u32, most: Option<u32>, lazy: bool, body: usize, exit: usize) -> Option<usize> {
        let turns = *self.turns.last()?;
        let empty = turns.from == Some(self.at) && turns.count >= least;
        if empty || most.is_some_and(|most| turns.count >= most) {
            return Some(exit);
        }
        let taken = Turns { count: turns.count.saturating_add(1), from: Some(self.at) };
        if turns.count >= least {
            if lazy {
                // The turn that is taken when what follows fails counts too.
                self.undo(Undo::TurnsWere(turns));
                self.memory.push(Entry::Choice { step: body, at: self.at });
                self.undo(Undo::TurnsWere(taken));
                return Some(exit);
            }
            self.memory.push(Entry::Choice { step: exit, at: self.at });
        }
        if let Some(last) = self.turns.last_mut() {
            *last = taken;
        }
        self.undo(Undo::TurnsWere(turns));
        Some(body)
    }

    fn holds(&self, assertion: Assertion) -> bool {
        let (before, after) = (self.before(0), self.after(0));
        match assertion {
            Assertion::TextStart => before.is_none(),
            Assertion::TextEnd => after.is_none(),
            Assertion::LastEnd => after.is_none() || (after == Some('\n') && self.after(1).is_none()),
            Assertion::LineStart => before.is_none_or(|before| before == '\n'),
            Assertion::LineEnd => after.is_none_or(|after| after == '\n'),
            Assertion::WordBoundary => self.is_word(before) != self.is_word(after),
            Assertion::NoWordBoundary => self.is_word(before) == self.is_word(after),
            Assertion::SearchStart => self.at == self.search_start,
        }
    }

    fn is_word(&self, scalar: Option<char>) -> bool {
        scalar.is_some_and(|scalar| match self.program.ecma_script {
            true => scalar.is_ascii_alphanumeric() || scalar == '_',
            // The two joiners count as parts of words.
            false => scalar.is_alphanumeric() || matches!(scalar, '_' | '\u{200C}' | '\u{200D}'),
        })
    }
}

/// What lies between two spans: of a balancing group, the text between its pair.
fn between(span: (usize, usize), lost: (usize, usize)) -> (usize, usize) {
    if span.0 >= lost.1 {
        (lost.1, span.0)
    } else if lost.0 >= span.1 {
        (span.1, lost.0)
    } else {
        (span.0.max(lost.0), span.1.min(lost.1))
    }
}
