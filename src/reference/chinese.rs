//! The reference in Chinese. The English stands in the comments of the types, so that it cannot part from them.

use super::{Arg, Entry, Kind};
use crate::words::Lang;
use std::collections::HashMap;
use std::sync::LazyLock;

static CHINESE: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let text = include_str!("zh-CN.txt");
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect()
});

impl Entry {
    /// What it does, in whole sentences.
    pub fn about_in(&self, lang: Lang) -> String {
        let chinese = CHINESE.get(self.name.as_str()).filter(|_| lang == Lang::Zh && self.kind == Kind::Operation);
        chinese.map_or_else(|| self.about.replace('\n', " "), |text| (*text).to_string())
    }

    /// An argument on one line: its name, what may stand there, and what it is.
    pub fn arg_in(&self, arg: &Arg, lang: Lang) -> String {
        let kind = kind_in(&arg.kind, lang);
        let need = lang.say(if arg.required { "ops.required" } else { "ops.optional" }, &[]);
        let chinese = CHINESE.get(format!("{}.{}", self.name, arg.name).as_str()).filter(|_| lang == Lang::Zh);
        let about = chinese.map_or_else(|| arg.about.replace('\n', " "), |text| (*text).to_string());
        let about = if about.is_empty() { about } else { format!("  {about}") };
        let name = if arg.name.is_empty() { String::new() } else { format!("{}: ", arg.name) };
        lang.say("ops.argument", &[&name, &kind, &need, &about])
    }
}

/// `list of: text`, in a language; the words that a file has stay as they are.
fn kind_in(kind: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return kind.into();
    }
    let word = |word: &str| match word {
        "text" => "文本".to_string(),
        "number" => "数字".to_string(),
        other => other.to_string(),
    };
    let of = |kinds: &str| kinds.split(" | ").map(word).collect::<Vec<_>>().join(" | ");
    kind.strip_prefix("list of: ").map_or_else(|| of(kind), |items| format!("列表：{}", of(items)))
}

#[cfg(test)]
mod tests {
    use super::super::entries;
    use super::*;

    /// Every sentence about an operation has its Chinese, with the same code and calls, and there is no other.
    #[test]
    fn every_operation_is_told_in_both_languages() {
        let mut known = Vec::new();
        let entries = entries();
        for entry in entries.iter().filter(|entry| entry.kind == Kind::Operation) {
            known.push((entry.name.clone(), entry.about.clone()));
            let args = entry.args.iter().filter(|arg| !arg.about.is_empty());
            known.extend(args.map(|arg| (format!("{}.{}", entry.name, arg.name), arg.about.clone())));
        }
        let code = |text: &str| {
            let spans = text.split('`').skip(1).step_by(2).filter(|span| span.is_ascii());
            spans.map(str::to_string).collect::<std::collections::BTreeSet<_>>()
        };
        for (key, english) in &known {
            let chinese = CHINESE.get(key.as_str()).unwrap_or_else(|| panic!("zh-CN.txt lacks {key} = {english}"));
            assert_eq!(code(english), code(chinese), "{key}");
        }
        for key in CHINESE.keys() {
            assert!(known.iter().any(|(known, _)| known == key), "zh-CN.txt tells of {key}, which is not there");
        }
    }
}
