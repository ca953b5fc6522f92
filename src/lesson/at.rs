//! The lab's place: lessons write `/lab`; on some practice hosts it is elsewhere.

use super::Lesson;
use serde_json::Value;

/// Where the lab is in every lesson file.
pub const LAB: &str = "/lab";

impl Lesson {
    /// This lesson with its lab at another place: every path below `/lab`, in operations, conditions and words alike. So
    /// what is read and shown is what is performed.
    pub fn at(&self, lab: &str) -> Lesson {
        let from = self.host.lab.as_str();
        if lab == from {
            return self.clone();
        }
        let mut value = serde_json::to_value(self).expect("a lesson is made of plain values");
        each_string(&mut value, &|text| moved(text, from, lab));
        let mut lesson: Lesson = serde_json::from_value(value).expect("what was written can be read");
        lesson.host.lab = lab.into();
        lesson
    }
}

fn each_string(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_string(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|item| each_string(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `/lab` where it is a whole path or the first name of one: not in `/labs`, `/usr/lab` or `./lab`.
pub(crate) fn moved(text: &str, from: &str, lab: &str) -> String {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        let end = at + from.len();
        let goes_on = text[..at].ends_with(|c| part_of_name(c) || matches!(c, '.' | '/'));
        let is_longer = text[end..].starts_with(part_of_name);
        out.push_str(&text[done..at]);
        out.push_str(if goes_on || is_longer { from } else { lab });
        done = end;
    }
    out + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{bundled, open};

    #[test]
    fn only_the_labs_own_paths_move() {
        for (text, wanted) in [
            ("/lab", "/srv"),
            ("/lab/rootfs/test", "/srv/rootfs/test"),
            ("cp -a /lab/image/base/. /lab/rootfs", "cp -a /srv/image/base/. /srv/rootfs"),
            ("lowerdir=/lab/a:/lab/b,upperdir=/lab/u", "lowerdir=/srv/a:/srv/b,upperdir=/srv/u"),
            ("The rows `/lab` and `/lab/x`.", "The rows `/srv` and `/srv/x`."),
            ("\u{4f60}/lab\u{3002}", "\u{4f60}/srv\u{3002}"),
            ("/labs /usr/lab ./lab lab-host a/lab/b /lab-x", "/labs /usr/lab ./lab lab-host a/lab/b /lab-x"),
            ("/lab/lab", "/srv/lab"),
        ] {
            assert_eq!(moved(text, LAB, "/srv"), wanted);
        }
    }

    /// Nothing is lost on the way, and nothing but the place changes: of the lessons that are ever moved.
    #[test]
    fn a_lesson_moves_whole_and_back() {
        for name in bundled() {
            let lesson = open(&name).unwrap();
            if lesson.host.tidy_only {
                continue;
            }
            assert_eq!(lesson.at(LAB), lesson);
            let there = lesson.at("/mnt");
            assert_eq!(there.host.lab, "/mnt");
            assert_eq!(there.at(LAB), lesson, "{name}");
            let text = serde_json::to_string(&there).unwrap();
            assert!(!text.contains("/lab") && text.contains("/mnt/"), "{name}");
            let back = serde_json::to_string(&there).unwrap().replace("/mnt", LAB);
            assert_eq!(back, serde_json::to_string(&lesson).unwrap(), "{name}");
        }
    }
}
