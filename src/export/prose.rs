//! The lessons' Markdown as HTML. Only what is named here becomes an element: HTML in it stays text, links and pictures
//! are their words.

use super::html::escape;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthChar;

/// Paragraphs, lists, code.
pub fn blocks(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new_ext(markdown, Options::empty()) {
        match event {
            Event::Start(tag) => out.push_str(opening(&tag)),
            Event::End(tag) => out.push_str(closing(tag)),
            Event::Code(code) => out.push_str(&format!("<code>{}</code>", escape(&code))),
            Event::SoftBreak if ends_wide(&out) => {}
            Event::SoftBreak | Event::HardBreak => out.push('\n'),
            Event::Rule => out.push_str("<hr>\n"),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => out.push_str(&escape(&text)),
            _ => {}
        }
    }
    out
}

/// One line, without a paragraph around it.
pub fn line(markdown: &str) -> String {
    let text = blocks(markdown);
    let whole = text.trim();
    match whole.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>")) {
        Some(inner) if !inner.contains("<p>") => inner.into(),
        // What looks like a list or a heading is only a line all the same.
        _ => escape(markdown),
    }
}

/// Lines of Chinese text join without a space.
fn ends_wide(text: &str) -> bool {
    text.chars().last().is_some_and(|last| last.width() == Some(2))
}

fn opening(tag: &Tag) -> &'static str {
    match tag {
        Tag::Paragraph | Tag::Heading { .. } => "<p>",
        Tag::List(None) => "<ul>\n",
        Tag::List(Some(_)) => "<ol>\n",
        Tag::Item => "<li>",
        Tag::Strong => "<strong>",
        Tag::Emphasis => "<em>",
        Tag::BlockQuote(_) => "<blockquote>\n",
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => "<pre tabindex=\"0\"><code>",
        _ => "",
    }
}

fn closing(tag: TagEnd) -> &'static str {
    match tag {
        TagEnd::Paragraph | TagEnd::Heading(_) => "</p>\n",
        TagEnd::List(false) => "</ul>\n",
        TagEnd::List(true) => "</ol>\n",
        TagEnd::Item => "</li>\n",
        TagEnd::Strong => "</strong>",
        TagEnd::Emphasis => "</em>",
        TagEnd::BlockQuote(_) => "</blockquote>\n",
        TagEnd::CodeBlock => "</code></pre>\n",
        _ => "",
    }
}
