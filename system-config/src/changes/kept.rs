//! One file of a record: what it was, what we made of it, and what undoing makes of what is there now.

use std::collections::BTreeSet;

use super::merge::{self, Edit, Merged};
use super::plan::Part;
use super::snapshot::{read_content, read_file};
use super::{Change, ChangeError, Content, FileState, SysPath, Sysroot, block, pieces};
use crate::config_txt::heads_that_stay;

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) sys_path: SysPath,
    /// What is there once this is undone.
    pub(super) before: Option<Copied<Content>>,
    /// What replaces `before` on a card: what we wrote, or that we removed it; several while a change is being
    /// made.
    pub(super) ours: Vec<Option<Copied<Content>>>,
    /// By a release that did not take others' edits over into `before`: they are in ours alone.
    pub(super) edited: bool,
    /// What of it is ours.
    pub(super) part: Part,
    /// Whether what we wrote was there, and nobody has begun to take it back.
    pub(super) is_made: bool,
}

/// With the name of its copy, once there is one.
#[derive(Clone, Debug)]
pub(super) struct Copied<T> {
    pub(super) state: T,
    pub(super) copy: Option<String>,
}

impl<T> Copied<T> {
    pub(super) fn new(state: T) -> Self {
        Self { state, copy: None }
    }
}

/// What has to be there for a change to be undone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// This, with all that others did.
    To(Option<Content>),
    /// Somebody changed what is ours: in these lines, or all of it.
    Edited {
        lines: Vec<usize>,
        /// What is there if that is given up.
        lost: Option<Content>,
        /// What is there if it is theirs from now on.
        theirs: Option<Content>,
    },
}

/// Files that older records do not tell from those that are all ours.
const OF_LINES: [&str; 3] = ["etc/clusterhat/node.toml", "etc/hostname", "etc/hosts"];

/// What of a file is ours by a record that does not say.
pub(super) fn part_of_old(sys_path: &SysPath, was_there: bool) -> Part {
    let is_known = OF_LINES.iter().any(|path| sys_path.path.as_os_str() == *path);
    if was_there || is_known { Part::Lines } else { Part::Whole }
}

impl Kept {
    pub(super) fn new(change: &Change) -> Self {
        Self {
            sys_path: change.sys_path.clone(),
            before: change.before.clone().map(Copied::new),
            ours: vec![change.after.clone().map(Copied::new)],
            edited: false,
            part: change.part.clone(),
            is_made: false,
        }
    }

    /// Takes in another change that is about to be made.
    pub(super) fn expect(&mut self, change: &Change) {
        let now = change.before.as_ref();
        let then = match self.taken_back(now) {
            Back::To(then) | Back::Edited { theirs: then, .. } => then,
        };
        self.lead_back_to(now, then);
        self.ours.push(change.after.clone().map(Copied::new));
        self.part = change.part.clone();
        self.is_made = false;
    }

    /// Whether what we wrote was there, and nothing of it is now: on another card, or gone by somebody's hand.
    pub(super) fn has_vanished(&self, now: Option<&Content>) -> bool {
        let is_now = |then: &Option<Content>| match (then, now) {
            (Some(then), Some(now)) => is_same(then, now),
            (then, now) => then.is_none() && now.is_none(),
        };
        let is_nothing_to_do = matches!(self.taken_back(now), Back::To(then) if is_now(&then));
        self.is_made && !self.is_ours(now) && is_nothing_to_do
    }

    /// Whatever is there now is one of the known states, and undoing it gives `then`.
    pub(super) fn lead_back_to(&mut self, now: Option<&Content>, then: Option<Content>) -> bool {
        let is_known = self.is_before(now) || self.is_ours(now) && !self.edited;
        if !is_known {
            self.before = then.map(Copied::new);
            self.ours.push(now.cloned().map(Copied::new));
            self.edited = false;
        }
        !is_known
    }

    /// What is on the card in its place.
    pub(super) fn now(&self, sysroot: &Sysroot) -> Result<Option<Content>, ChangeError> {
        if self.is_link() {
            read_content(sysroot, &self.sys_path)
        } else {
            Ok(read_file(sysroot, &self.sys_path)?.map(Content::File))
        }
    }

    /// What undoing makes of that.
    pub(super) fn taken_back(&self, now: Option<&Content>) -> Back {
        if self.is_before(now) || self.is_ours(now) && !self.edited {
            return Back::To(self.before_with_rights(now));
        }
        let whole = || {
            let before = self.before_with_rights(now);
            Back::Edited { lines: Vec::new(), lost: before.clone(), theirs: before }
        };
        let Some(Content::File(now)) = now else { return whole() };
        let back = match &self.part {
            Part::Whole => None,
            Part::Block(name) => Some(self.without_block(name, now)),
            Part::Lines if self.edited => None,
            Part::Lines => {
                self.without_lines(now, Edit::GiveUp).map(|merged| (merged.text(), merged.lost))
            }
        };
        let Some((text, lines)) = back else { return whole() };
        let lost = self.file(text, now);
        if lines.is_empty() {
            return Back::To(lost);
        }
        let theirs = match &self.part {
            Part::Lines => self.without_lines(now, Edit::Keep).map(|merged| merged.text()),
            _ => None,
        };
        let theirs = theirs.map_or_else(|| lost.clone(), |text| self.file(text, now));
        Back::Edited { lines, lost, theirs }
    }

    /// What of ours stays all the same: filters of `config.txt` on which lines rely that others wrote behind them.
    pub(super) fn relied_on(&self, now: Option<&Content>) -> Vec<String> {
        match (now, &self.part) {
            _ if self.is_before(now) || self.is_ours(now) => Vec::new(),
            (Some(Content::File(now)), Part::Lines) => {
                self.without_lines(now, Edit::GiveUp).map(|one| one.relied_on).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Of several that we wrote the last one from which there is a way.
    fn without_lines(&self, now: &FileState, edit: Edit) -> Option<Merged> {
        let before = match &self.before {
            None => &[][..],
            Some(Copied { state: Content::File(file), .. }) => &file.bytes,
            Some(_) => return None,
        };
        let ours = self.ours.iter().rev().filter_map(|one| match one {
            Some(Copied { state: Content::File(file), .. }) => Some(&file.bytes),
            _ => None,
        });
        let mut ways: Vec<_> =
            ours.map(|ours| merge::take_back(ours, before, &now.bytes, edit)).collect();
        let best = ways.iter().position(|way| way.lost.is_empty()).unwrap_or(0);
        let mut way = (best < ways.len()).then(|| ways.swap_remove(best))?;
        if self.sys_path == SysPath::boot("config.txt") {
            let (rest, lines) = (way.rest(), pieces::lines(&now.bytes));
            for at in heads_that_stay(&now.bytes, |at| !rest.contains(&at)) {
                way.keep(at, &lines[at]);
            }
        }
        Some(way)
    }

    fn without_block(&self, name: &str, now: &FileState) -> (Vec<u8>, Vec<usize>) {
        let found = block::within(&now.bytes, name);
        let is_ours = self.ours.iter().flatten().any(|one| match &one.state {
            Content::File(file) => block::within(&file.bytes, name) == found,
            Content::Link(_) => false,
        });
        let line = block::line(&now.bytes, name).filter(|_| !is_ours);
        let strays = self.strays(name, &now.bytes);
        let mut lines: Vec<_> = line.into_iter().chain(strays.iter().map(|at| at + 1)).collect();
        lines.sort_unstable();
        (block::cut(&block::without(&now.bytes, &strays), name), lines)
    }

    /// Lines of that block of ours that are not between its marks any more.
    pub(super) fn strays(&self, name: &str, now: &[u8]) -> BTreeSet<usize> {
        let before = self.before.as_ref().map_or(&[][..], bytes);
        let ours = self.ours.iter().rev().flatten().find_map(|one| block::within(bytes(one), name));
        ours.map(|ours| block::strays(now, name, ours, before)).unwrap_or_default()
    }

    /// A file of which nothing is left was not there before.
    fn file(&self, bytes: Vec<u8>, now: &FileState) -> Option<Content> {
        let is_gone = self.before.is_none() && bytes.trim_ascii().is_empty();
        (!is_gone).then(|| Content::File(FileState { bytes, ..now.clone() }))
    }

    /// Mode and owner are the administrator's: what was changed since stays.
    fn before_with_rights(&self, now: Option<&Content>) -> Option<Content> {
        let before = self.before.as_ref().map(|before| before.state.clone());
        let ours = self.ours.iter().rev().flatten().find_map(|one| match &one.state {
            Content::File(file) => Some(file),
            Content::Link(_) => None,
        });
        let (Some(Content::File(before)), Some(Content::File(now)), Some(ours)) =
            (&before, now, ours)
        else {
            return before;
        };
        let mode = if now.mode == ours.mode { before.mode } else { now.mode };
        let owner = if now.owner == ours.owner { before.owner } else { now.owner };
        Some(Content::File(FileState { bytes: before.bytes.clone(), mode, owner }))
    }

    /// Whether the card is as it was here.
    pub(super) fn is_before(&self, now: Option<&Content>) -> bool {
        match (now, &self.before) {
            (None, None) => true,
            (Some(now), Some(before)) => is_same(now, &before.state),
            _ => false,
        }
    }

    /// Whether what is there is what we wrote.
    pub(super) fn is_ours(&self, now: Option<&Content>) -> bool {
        self.ours.iter().any(|one| match (now, one) {
            (None, None) => true,
            (Some(now), Some(ours)) => is_same(now, &ours.state),
            _ => false,
        })
    }

    /// Whether it is about a link itself, and not about a file that links may lead to.
    fn is_link(&self) -> bool {
        let is_link = |one: &Copied<Content>| matches!(one.state, Content::Link(_));
        self.ours.iter().flatten().chain(&self.before).any(is_link)
    }
}

/// A link has none.
fn bytes(one: &Copied<Content>) -> &[u8] {
    match &one.state {
        Content::File(file) => &file.bytes,
        Content::Link(_) => &[],
    }
}

/// By what is in it.
fn is_same(a: &Content, b: &Content) -> bool {
    match (a, b) {
        (Content::File(a), Content::File(b)) => a.bytes == b.bytes,
        (Content::Link(a), Content::Link(b)) => a == b,
        _ => false,
    }
}
