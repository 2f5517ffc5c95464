//! Definite assignment and reachability: C#'s own rules, followed while the tree is bound in the order it runs.
//!
//! A state knows which declared variables have no value yet. Where two ways meet, a variable that lacks a value on
//! either of them lacks it; where no way leads, nothing is missing. A Boolean expression ends in two states: one for
//! true, one for false (`x is int n`, `a && int.TryParse(s, out b)`).

use super::Binder;
use crate::ast::Place;
use crate::program::Node;
use crate::value::Value;

/// What holds at a point of the text.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) reachable: bool,
    /// Slots of variables without a value. Slots of visible variables differ, so that they name them.
    unassigned: Vec<u32>,
}

impl State {
    /// The point that no way leads to.
    pub(super) fn nowhere() -> Self {
        Self { reachable: false, unassigned: Vec::new() }
    }

    fn beginning() -> Self {
        Self { reachable: true, unassigned: Vec::new() }
    }

    /// Where two ways meet.
    pub(super) fn join(mut self, other: &State) -> State {
        if !other.reachable {
            return self;
        }
        if !self.reachable {
            return other.clone();
        }
        for slot in &other.unassigned {
            if !self.unassigned.contains(slot) {
                self.unassigned.push(*slot);
            }
        }
        self
    }

    fn assign(&mut self, slot: u32) {
        self.unassigned.retain(|known| *known != slot);
    }

    /// After a `finally`: what it assigned is assigned, and it may never end.
    fn after_finally(mut self, before: &State, end: &State) -> State {
        let assigned = |slot: &u32| before.unassigned.contains(slot) && !end.unassigned.contains(slot);
        self.unassigned.retain(|slot| !assigned(slot));
        if end.reachable { self } else { State::nowhere() }
    }
}

/// What a jump may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    Loop,
    Switch,
    /// Nothing jumps out of it.
    Finally,
}

/// A statement around the present one, with the states of the jumps that leave it.
#[derive(Debug)]
struct Exit {
    around: Around,
    breaks: State,
    continues: State,
}

/// Why a jump is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trapped {
    /// There is nothing around it that it could leave.
    Outside,
    /// It would leave a `finally`.
    InFinally,
}

/// The state at the point that is being bound.
#[derive(Debug)]
pub(super) struct Flow {
    now: State,
    /// After a Boolean expression: when it is true, when it is false.
    split: Option<(State, State)>,
    exits: Vec<Exit>,
    /// `catch` blocks around: `throw;` needs one.
    catches: u32,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { now: State::beginning(), split: None, exits: Vec::new(), catches: 0 }
    }

    /// Forgets what a Boolean expression told apart.
    pub(super) fn merge(&mut self) {
        if let Some((when_true, when_false)) = self.split.take() {
            self.now = when_true.join(&when_false);
        }
    }

    /// The present state.
    pub(super) fn state(&mut self) -> State {
        self.merge();
        self.now.clone()
    }

    pub(super) fn set(&mut self, state: State) {
        self.split = None;
        self.now = state;
    }

    /// The states after a Boolean expression that is true, and one that is false.
    pub(super) fn branches(&mut self) -> (State, State) {
        match self.split.take() {
            Some(split) => split,
            None => (self.now.clone(), self.now.clone()),
        }
    }

    pub(super) fn set_branches(&mut self, when_true: State, when_false: State) {
        self.split = Some((when_true, when_false));
    }

    pub(super) fn is_reachable(&mut self) -> bool {
        self.merge();
        self.now.reachable
    }

    /// From here no way goes on.
    pub(super) fn stop(&mut self) {
        self.set(State::nowhere());
    }

    /// A label: a jump may lead here.
    pub(super) fn reach(&mut self) {
        if !self.is_reachable() {
            self.set(State::beginning());
        }
    }

    pub(super) fn declare_unassigned(&mut self, slot: u32) {
        self.merge();
        if self.now.reachable && !self.now.unassigned.contains(&slot) {
            self.now.unassigned.push(slot);
        }
    }

    pub(super) fn assign(&mut self, slot: u32) {
        self.now.assign(slot);
        if let Some((when_true, when_false)) = &mut self.split {
            when_true.assign(slot);
            when_false.assign(slot);
        }
    }

    pub(super) fn is_unassigned(&mut self, slot: u32) -> bool {
        self.merge();
        self.now.unassigned.contains(&slot)
    }

    /// Binds what a jump may leave; gives its result and the states of its `break` and `continue`.
    fn leave(&mut self) -> (State, State) {
        match self.exits.pop() {
            Some(exit) => (exit.breaks, exit.continues),
            None => (State::nowhere(), State::nowhere()),
        }
    }

    fn jump(&mut self, leaves: impl Fn(Around) -> bool, is_break: bool) -> Result<(), Trapped> {
        let state = self.state();
        for exit in self.exits.iter_mut().rev() {
            if exit.around == Around::Finally {
                return Err(Trapped::InFinally);
            }
            if leaves(exit.around) {
                let target = if is_break { &mut exit.breaks } else { &mut exit.continues };
                *target = std::mem::replace(target, State::nowhere()).join(&state);
                return Ok(());
            }
        }
        Err(Trapped::Outside)
    }
}

impl Binder {
    /// Binds a loop's body or a `switch`; gives also the states of its `break` and `continue`.
    pub(super) fn around<T>(
        &mut self,
        around: Around,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> (T, State, State) {
        let here = State::nowhere;
        self.flow.exits.push(Exit { around, breaks: here(), continues: here() });
        let out = bind(self);
        let (breaks, continues) = self.flow.leave();
        (out, breaks, continues)
    }

    /// Binds the body of a function: its jumps stay inside, and what it assigns is not assigned outside.
    /// A local function may be called from anywhere, so that nothing is known of the variables around it.
    pub(super) fn in_function<T>(&mut self, is_local: bool, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.flow.state();
        let inside = if is_local { State::beginning() } else { State { reachable: true, ..outside.clone() } };
        let fresh = Flow { now: inside, ..Flow::new() };
        let before = std::mem::replace(&mut self.flow, fresh);
        // Jumps do not leave a function.
        let (switches, blocks) = (std::mem::take(&mut self.switches), std::mem::take(&mut self.open_blocks));
        let out = bind(self);
        (self.switches, self.open_blocks) = (switches, blocks);
        self.flow = before;
        self.flow.set(outside);
        out
    }

    /// Binds `finally` after the states that reach it.
    pub(super) fn in_finally<T>(
        &mut self,
        before: &State,
        after: State,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.flow.set(before.clone());
        let (out, ..) = self.around(Around::Finally, bind);
        let end = self.flow.state();
        self.flow.set(after.after_finally(before, &end));
        out
    }

    /// Binds the body of a `catch`.
    pub(super) fn in_catch<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        self.flow.catches += 1;
        let out = bind(self);
        self.flow.catches -= 1;
        out
    }

    /// Binds a part that may not run, as the right side of `??`: what it assigns may be missing afterwards.
    pub(super) fn perhaps<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.flow.state();
        let out = bind(self);
        let after = self.flow.state();
        self.flow.set(before.join(&after));
        out
    }

    /// Notes the states after a condition that is constant: one of them is never reached.
    pub(super) fn note_constant_condition(&mut self, condition: &Node) {
        let Node::Constant(Value::Boolean(constant)) = condition else { return };
        let now = self.flow.state();
        let branches = if *constant { (now, State::nowhere()) } else { (State::nowhere(), now) };
        self.flow.set_branches(branches.0, branches.1);
    }

    /// Reports a variable that is read before it has a value; once for each variable.
    pub(super) fn check_assigned(&mut self, name: &str, slot: u32, place: Place) {
        if !self.flow.is_unassigned(slot) {
            return;
        }
        self.flow.assign(slot);
        self.report(
            "unassigned-variable",
            place,
            format!("use of unassigned local variable `{name}`: not all paths before this give it a value"),
            Some("give it a value where it is declared".to_owned()),
        );
    }

    pub(super) fn bind_break(&mut self, place: Place) {
        let trapped = self.flow.jump(|around| around != Around::Finally, true).err();
        self.flow.stop();
        self.report_trapped(trapped, "`break` stands only in a loop or `switch`", place);
    }

    pub(super) fn bind_continue(&mut self, place: Place) {
        let trapped = self.flow.jump(|around| around == Around::Loop, false).err();
        self.flow.stop();
        self.report_trapped(trapped, "`continue` stands only in a loop", place);
    }

    fn report_trapped(&mut self, trapped: Option<Trapped>, outside: &str, place: Place) {
        match trapped {
            Some(Trapped::Outside) => self.mistake("misplaced-jump", place, outside),
            Some(Trapped::InFinally) => self.leaves_finally(place),
            None => {}
        }
    }

    fn leaves_finally(&mut self, place: Place) {
        self.mistake("misplaced-jump", place, "control cannot leave the body of a `finally`");
    }

    /// `return` ends the path, and may not stand in a `finally`.
    pub(super) fn note_return(&mut self, place: Place) {
        if self.flow.exits.iter().any(|exit| exit.around == Around::Finally) {
            self.leaves_finally(place);
        }
        self.flow.stop();
    }

    /// `throw` ends the path; without a value it stands only in a `catch`.
    pub(super) fn note_throw(&mut self, has_value: bool, place: Place) {
        if !has_value && self.flow.catches == 0 {
            let help = "name the exception: `throw new Exception(\"…\");`".to_owned();
            let message = "`throw;` throws again what a `catch` has caught, and stands only in one";
            self.report("misplaced-jump", place, message, Some(help));
        }
        self.flow.stop();
    }
}
