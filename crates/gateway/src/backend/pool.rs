//! A pool: which member a call goes to.
//!
//! The group with the lowest priority number that has a member whose breaker is closed takes the call; in the group
//! the weights decide. A session stays with its member as long as that one is available.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use sekisho_policy::ports::{Clock, Recorder};

use super::affinity::Affinity;
use super::rotation::Rotation;
use super::single::Single;

/// A pool of backends.
pub(crate) struct Pool {
    pub(crate) id: Arc<str>,
    /// In the order of the configuration; at most 64.
    pub(crate) members: Vec<Arc<Single>>,
    /// By priority, lowest number first.
    pub(crate) groups: Vec<Group>,
    pub(crate) affinity: Option<Affinity>,
    /// The status when every member is out.
    pub(crate) failure_status: u16,
}

/// The members of one priority.
pub(crate) struct Group {
    /// Places in [`Pool::members`].
    pub(crate) members: Vec<usize>,
    pub(crate) rotation: Arc<Rotation>,
}

/// The member for a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Its place in [`Pool::members`].
    pub(crate) member: usize,
    /// True when the client has to be told by a new cookie.
    pub(crate) new_session: bool,
}

/// No member is available.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    /// Until the first member recovers.
    pub(crate) recovery: Option<Duration>,
}

impl Pool {
    /// Chooses the member for a call with these headers.
    pub(crate) fn choose(
        &self,
        headers: &HeaderMap,
        clock: &dyn Clock,
        recorder: &dyn Recorder,
    ) -> Result<Choice, Exhausted> {
        let open_for =
            |member: usize| self.members.get(member).and_then(|single| single.open_for(clock, recorder));
        if let Some(affinity) = &self.affinity
            && let Some(member) = affinity.member(headers)
            && open_for(member).is_none()
        {
            return Ok(Choice { member, new_session: false });
        }
        let mut recovery: Option<Duration> = None;
        for group in &self.groups {
            let mut available = 0_u64;
            for (bit, member) in group.members.iter().enumerate() {
                match open_for(*member) {
                    None => available |= 1 << bit,
                    Some(left) => recovery = Some(recovery.map_or(left, |known| known.min(left))),
                }
            }
            let turn = group.rotation.next(available).and_then(|bit| group.members.get(bit));
            if let Some(member) = turn {
                return Ok(Choice { member: *member, new_session: self.affinity.is_some() });
            }
        }
        Err(Exhausted { recovery })
    }
}
