//! What was seen, in words.

use super::process::{Seen, Standing};
use super::watched::{Both, News};
use crate::lesson::Side;
use crate::words::Lang;

impl Both {
    /// A side by its process: number and name.
    pub fn name(&self, side: Side, lang: Lang) -> String {
        let facts = &self.side(side).state.facts;
        lang.say("watch.name", &[&facts.pid_outside.to_string(), &facts.program])
    }
}

impl Seen {
    /// Where it is, as far as that may be known.
    pub fn place(&self, lang: Lang) -> String {
        match self.namespace() {
            Some(namespace) => lang.say("watch.place", &[&namespace.to_string(), &self.state.facts.root]),
            None if nix::unistd::geteuid().is_root() => lang.say("watch.no-place-root", &[]),
            None => lang.say("watch.no-place", &[]),
        }
    }
}

impl News {
    pub fn in_words(&self, now: &Both, lang: Lang) -> String {
        let (key, side) = match *self {
            News::Ended(side) => ("watch.ended", side),
            News::Refused(side) => ("watch.refused", side),
            News::Back(side) => ("watch.back", side),
            News::OtherNamespace(side) => ("watch.other-namespace", side),
            News::Place(side) => ("watch.change", side),
            News::OtherRoot(side) => ("watch.other-root", side),
            News::OtherHostname(side) => ("watch.other-hostname", side),
        };
        let seen = now.side(side);
        let what = match (self, &seen.standing) {
            (News::Place(_), _) => seen.place(lang),
            (News::OtherRoot(_), _) => seen.state.facts.root.clone(),
            (News::OtherHostname(_), _) => seen.state.facts.hostname.clone(),
            (_, Standing::Refused(refused)) => refused.to_string(),
            _ => seen.namespace().map_or("?".into(), |inode| inode.to_string()),
        };
        lang.say(key, &[&now.name(side, lang), &what])
    }
}
