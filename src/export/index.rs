//! The page that leads to the books.

use super::book::Book;
use crate::words::Lang;

/// Where a book stands, beside the index.
pub fn file_name(lesson: &str, lang: Lang, ending: &str) -> String {
    format!("{lesson}.{}.{ending}", lang.code())
}

/// The index's own name.
pub fn index_name(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "README.md",
        Lang::Zh => "README.zh-CN.md",
    }
}

/// A table of the books, in the order in which they are best read.
pub fn index(books: &[Book], lang: Lang) -> String {
    let say = |key: &str, args: &[&str]| lang.say(key, args);
    let other = lang.other();
    let mut out = format!("# {}\n\n{}\n\n", say("index.title", &[]), say("index.about", &[]));
    out.push_str(&format!("{}\n\n", say("index.other", &[index_name(other)])));
    let heads =
        ["index.lesson", "index.minutes", "index.before", "index.step", "index.in-other"].map(|key| say(key, &[]));
    out.push_str(&format!("| {} |\n| --- | ---: | --- | --- | --- |\n", heads.join(" | ")));
    for book in books {
        let link = |text: &str, lang: Lang, ending: &str| format!("[{text}]({})", file_name(&book.id, lang, ending));
        let needs = book.needs.iter().cloned().reduce(|all, one| say("words.and", &[&all, &one])).unwrap_or_default();
        let page = say("index.page", &[]);
        let others = format!("{}, {}", link(&say("index.text", &[]), other, "md"), link(&page, other, "html"));
        let cells = [link(&book.title, lang, "md"), book.minutes.to_string(), needs, link(&page, lang, "html"), others];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push_str(&format!("\n{}\n", say("index.claims", &[&format!("claims.{}.md", lang.code())])));
    out
}
