//! The interface's words: one catalogue a language, `key = text with {0} and {1}`, one file a room.
//! A test holds the languages against each other.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A language that nslab speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    #[default]
    #[value(name = "en")]
    En,
    #[value(name = "zh-CN", alias = "zh", alias = "zh-cn")]
    Zh,
}

type Catalogue = HashMap<&'static str, &'static str>;

static EN: LazyLock<Catalogue> = LazyLock::new(|| {
    read(&[
        include_str!("en/cli.txt"),
        include_str!("en/lesson.txt"),
        include_str!("en/tui.txt"),
        include_str!("en/plain.txt"),
        include_str!("en/volume.txt"),
        include_str!("en/class.txt"),
        include_str!("en/export.txt"),
        include_str!("en/listing.txt"),
        include_str!("en/replay.txt"),
    ])
});
static ZH: LazyLock<Catalogue> = LazyLock::new(|| {
    read(&[
        include_str!("zh-CN/cli.txt"),
        include_str!("zh-CN/lesson.txt"),
        include_str!("zh-CN/tui.txt"),
        include_str!("zh-CN/plain.txt"),
        include_str!("zh-CN/volume.txt"),
        include_str!("zh-CN/class.txt"),
        include_str!("zh-CN/export.txt"),
        include_str!("zh-CN/listing.txt"),
        include_str!("zh-CN/replay.txt"),
    ])
});

fn read(files: &[&'static str]) -> Catalogue {
    files
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .collect()
}

impl Lang {
    /// The code that lessons and options use.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// The language that the environment asks for (LC_ALL, LC_MESSAGES, LANG).
    pub fn from_env() -> Lang {
        let wanted = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .unwrap_or_default();
        if wanted.starts_with("zh") { Lang::Zh } else { Lang::En }
    }

    pub fn other(self) -> Lang {
        match self {
            Lang::En => Lang::Zh,
            Lang::Zh => Lang::En,
        }
    }

    /// The words for so many: `key.one` for one, else `key`. The number is `{0}`, the other arguments follow.
    pub fn count(self, key: &str, number: usize, args: &[&str]) -> String {
        let number_text = number.to_string();
        let all: Vec<&str> = std::iter::once(number_text.as_str()).chain(args.iter().copied()).collect();
        if number == 1 { self.say(&format!("{key}.one"), &all) } else { self.say(key, &all) }
    }

    /// The words for a key, with `{0}`, `{1}` … replaced. A key that is missing shows itself.
    pub fn say(self, key: &str, args: &[&str]) -> String {
        let catalogue = match self {
            Lang::En => &*EN,
            Lang::Zh => &*ZH,
        };
        let mut text = catalogue.get(key).copied().unwrap_or(key).replace("\\n", "\n");
        for (number, arg) in args.iter().enumerate() {
            text = text.replace(&format!("{{{number}}}"), arg);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both languages have the same keys, each used with the same arguments.
    #[test]
    fn languages_match() {
        let holes = |text: &str| (0..9).filter(|n| text.contains(&format!("{{{n}}}"))).collect::<Vec<_>>();
        for (key, text) in EN.iter() {
            let other = ZH.get(key).unwrap_or_else(|| panic!("zh-CN lacks {key}"));
            assert_eq!(holes(text), holes(other), "{key}");
        }
        for key in ZH.keys() {
            assert!(EN.contains_key(key), "en lacks {key}");
        }
    }

    /// Every line of a catalogue is a pair, and no key stands twice.
    #[test]
    fn catalogues_read_whole() {
        let files = [
            include_str!("en/cli.txt"),
            include_str!("en/lesson.txt"),
            include_str!("en/tui.txt"),
            include_str!("en/plain.txt"),
            include_str!("en/volume.txt"),
            include_str!("en/class.txt"),
            include_str!("en/export.txt"),
            include_str!("en/listing.txt"),
            include_str!("en/replay.txt"),
        ];
        let lines =
            files.iter().flat_map(|f| f.lines()).filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
        assert_eq!(lines, EN.len(), "a key stands twice, or a line has no ` = `");
    }
}
