//! The books in a browser: by keyboard, wide and narrow, light and dark, on paper, without scripts.

use crate::browser::{Browser, browser};
use crate::common::{home, nslab, users};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const NOTHING: Vec<String> = Vec::new();

/// A book of docs/companion.
fn book(lesson: &str, lang: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/companion/{lesson}.{lang}.html"))
}

/// The pages that are seen, by their ids.
fn seen(browser: &mut Browser) -> Vec<String> {
    let ids = browser
        .text("[...document.querySelectorAll('.page')].filter((p) => p.checkVisibility()).map((p) => p.id).join(' ')");
    ids.split(' ').map(String::from).collect()
}

fn shows(browser: &mut Browser, selector: &str) -> bool {
    browser.is(&format!("document.querySelector({}).checkVisibility()", json!(format!(".page.here {selector}"))))
}

/// Opens everything that can be opened, as a reader would one after the other.
const OPEN_ALL: &str = "document.querySelectorAll('.page').forEach((p) => p.classList.add('open'));
    document.querySelectorAll('details').forEach((d) => { d.open = true; })";

/// What sticks out of the window, other than what scrolls in a box of its own.
pub fn too_wide(browser: &mut Browser) -> String {
    browser.text(
        "document.documentElement.scrollWidth <= innerWidth ? '' : [...document.querySelectorAll('main *')]
            .filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest('pre, .side, .scroll'))
            .map((e) => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60)).join('; ') || 'something'",
    )
}

/// Each page of each book comes when its key is pressed, alone and in order; the console stays empty, nothing is fetched,
/// and no page is wider than a phone.
#[test]
fn every_page_of_every_book() {
    let Some(mut browser) = browser("every_page_of_every_book") else { return };
    browser.size(390, 800);
    let mut books: Vec<PathBuf> = std::fs::read_dir(book("mount-ns", "en").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "html"))
        .collect();
    books.sort();
    assert_eq!(books.len(), 22);
    for file in books {
        browser.open(&file, "");
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let all = browser.text("[...document.querySelectorAll('.page')].map((p) => p.id).join(' ')");
        let all: Vec<&str> = all.split(' ').collect();
        assert!(all.len() > 5, "{name}: {all:?}");
        browser.eval(OPEN_ALL);
        for (number, id) in all.iter().enumerate() {
            assert_eq!(seen(&mut browser), [*id], "{name}, page {number}");
            assert_eq!(too_wide(&mut browser), "", "{name}, {id}");
            browser.key(if number % 2 == 0 { "n" } else { "ArrowRight" });
        }
        assert_eq!(seen(&mut browser), [*all.last().unwrap()], "{name}: after the last page there is none");
        browser.key("ArrowLeft");
        browser.key("p");
        assert_eq!(seen(&mut browser), [all[all.len() - 3]], "{name}: back");
        assert_eq!(browser.complaints(), NOTHING, "{name}");
    }
}

/// A whole step with the keyboard alone: the answer is not seen before a prediction; then the verdict, what is said to
/// that guess and no other, the listings in tabs, a variant, a tip.
#[test]
fn a_step_by_keyboard() {
    let Some(mut browser) = browser("a_step_by_keyboard") else { return };
    for (lang, verdict) in [("en", "You: outside. Kernel: both."), ("zh-CN", "你的预测：外。内核的结果：两边。")]
    {
        browser.size(1280, 900);
        browser.open(&book("mount-ns", lang), "#step-4");
        assert_eq!(seen(&mut browser), ["step-4"]);
        assert_eq!(browser.text("document.activeElement.id"), "h-step-4", "a reader begins at the heading");
        assert_eq!(browser.text("document.documentElement.lang"), lang);
        assert!(!shows(&mut browser, ".result"));
        browser.picture(&format!("{lang}-asked"));

        // Nothing is shown to whoever has not answered; "not sure" is an answer.
        browser.tab_to(".reveal");
        browser.key("Enter");
        assert!(!shows(&mut browser, ".result"));
        assert!(browser.text("document.querySelector('.here .says').textContent").len() > 10);
        assert!(browser.is("document.activeElement.matches('.here input')"), "the focus leads to the options");

        browser.key(" ");
        browser.tab_to(".reveal");
        browser.key("Enter");
        assert!(shows(&mut browser, ".result"));
        assert_eq!(browser.text("document.activeElement.innerText.trim()"), verdict);
        let told = "[...document.querySelectorAll('.here .told')].filter((t) => t.checkVisibility()).map((t) => t.dataset.option).join()";
        assert_eq!(browser.text(told), "0");

        // Tabs: arrows choose, one tab stop, the page stays.
        browser.tab_to(".here [role=tab]");
        let panel = "[...document.querySelectorAll('.here [role=tabpanel]')].filter((p) => p.checkVisibility()).map((p) => p.innerText).join('---')";
        assert!(browser.text(panel).contains("mount(\"leak\", \"/lab/leak\", \"tmpfs\", 0, NULL) = 0"));
        browser.key("ArrowRight");
        let c = browser.text(panel);
        assert!(c.contains("if (mount(\"leak\"") && !c.contains("---"), "{c}");
        assert_eq!(browser.text("document.activeElement.getAttribute('aria-selected')"), "true");
        browser.key("ArrowLeft");
        assert_eq!(seen(&mut browser), ["step-4"]);

        // A focus that can be seen.
        let ring = browser.text("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(ring, "solid");
        browser.size(1280, 1700);
        for scheme in ["light", "dark"] {
            browser.media("screen", scheme);
            browser.picture(&format!("{lang}-told-{scheme}"));
        }
        browser.size(390, 2600);
        browser.media("screen", "light");
        browser.picture(&format!("{lang}-told-narrow"));

        browser.key("n");
        assert_eq!(seen(&mut browser), ["step-5"]);
        browser.tab_to(".here details.tip summary");
        browser.key("Enter");
        assert!(browser.is("document.activeElement.parentElement.open"));
        assert_eq!(browser.complaints(), NOTHING);
    }
}

/// Of a question with several answers, each is said to be so or not, and which of them were chosen.
#[test]
fn several_may_be_so() {
    let Some(mut browser) = browser("several_may_be_so") else { return };
    browser.size(1280, 1500);
    browser.open(&book("mount-ns", "en"), "#step-14");
    browser.tab_to(".here input");
    browser.key("Tab");
    browser.key(" ");
    browser.tab_to(".reveal");
    browser.key("Enter");
    let items =
        browser.text("[...document.querySelectorAll('.here .verdict + ul li')].map((i) => i.innerText).join('|')");
    assert_eq!(
        items,
        "the container still runs: not so|the file /test/a is there: so (you chose it)|the file /b is there: so|\
         the host is called box: not so"
    );
    browser.picture("ticks");
}

/// Both tables are tables: with a caption, heads of rows and columns, and the mark as a word in a cell. Side by side
/// where there is room, with the same row in the same line; else one below the other.
#[test]
fn the_two_tables() {
    let Some(mut browser) = browser("the_two_tables") else { return };
    browser.size(1280, 1000);
    browser.open(&book("mount-ns", "en"), "#step-8");
    browser.eval(OPEN_ALL);
    let row = "[...document.querySelectorAll('#step-8 .tables')[0].querySelectorAll('.side:nth-child(2) tbody tr')]
        .map((r) => [...r.cells].map((c) => c.innerText).join('|')).join('\\n')";
    let rows = browser.text(row);
    assert!(
        rows.contains("added|/proc|proc|proc|private\n|covers the /proc below\ncovered|/proc|proc|proc|private"),
        "{rows}"
    );
    let ill = "[...document.querySelectorAll('table.mounts')].filter((t) => !t.caption.innerText.trim()
        || t.querySelectorAll('thead th[scope=col]').length !== 5
        || [...t.tBodies[0].rows].some((r) => r.cells.length === 5 && !r.querySelector('th[scope=row]'))
        || [...t.tBodies[0].querySelectorAll('tr[class]')].some((r) => r.cells.length === 5 && r.className && !r.cells[0].innerText)).length";
    browser.eval("document.documentElement.classList.remove('paged')");
    assert_eq!(browser.eval(ill), json!(0));
    let lines = "(() => { const [a, b] = [...document.querySelectorAll('#step-8 .tables')[0].children]
        .map((s) => [...s.querySelectorAll('tbody tr')].map((r) => Math.round(r.getBoundingClientRect().top)));
        return a.length > 8 && a.join() === b.join(); })()";
    assert!(browser.is(lines), "the same row stands in the same line");
    let below = "(() => { const [a, b] = document.querySelectorAll('#step-8 .tables')[0].children;
        return b.getBoundingClientRect().top >= a.getBoundingClientRect().bottom; })()";
    assert!(!browser.is(below));
    browser.size(390, 800);
    assert!(browser.is(below));
}

/// What a reader who hears the page goes by: headings without gaps, names for what is operated, ids that stand once.
#[test]
fn the_page_as_a_tree() {
    let Some(mut browser) = browser("the_page_as_a_tree") else { return };
    for file in [book("image-layers", "en"), book("volumes", "zh-CN"), worksheet()] {
        browser.open(&file, "");
        browser.eval(OPEN_ALL);
        browser.eval("document.documentElement.classList.remove('paged')");
        let leaps = "(() => { let last = 0; const bad = [];
            for (const h of document.querySelectorAll('h1, h2, h3, h4, h5')) {
                if (h.hidden) continue;
                const level = Number(h.tagName[1]);
                if (level > last + 1) bad.push(h.innerText);
                last = level;
            } return bad.join('; '); })()";
        assert_eq!(browser.text(leaps), "", "{}", file.display());
        let twice = "(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
            return ids.filter((id, n) => ids.indexOf(id) !== n).join(); })()";
        assert_eq!(browser.text(twice), "");
        let nameless =
            "[...document.querySelectorAll('button, a, summary, label')].filter((e) => !e.textContent.trim()).length
            + [...document.querySelectorAll('input, textarea')].filter((e) => e.labels.length === 0).length";
        assert_eq!(browser.eval(nameless), json!(0));
        assert_eq!(browser.eval("document.querySelectorAll('main h1').length"), json!(1));
    }
}

/// Text stands out from what is behind it, light and dark (WCAG AA: 4.5 to 1).
#[test]
fn contrast() {
    let Some(mut browser) = browser("contrast") else { return };
    let poor = "(() => {
        const parse = (c) => c.match(/[\\d.]+/g).map(Number);
        const light = (c) => { const [r, g, b] = parse(c).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if ((parse(c)[3] ?? 1) > 0) return c; } return 'rgb(255, 255, 255)'; };
        const bad = new Set();
        for (const e of document.querySelectorAll('main *, nav *')) {
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.disabled) continue;
            const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) bad.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
        }
        return [...bad].join('; '); })()";
    browser.open(&book("mount-ns", "en"), "");
    browser.eval(OPEN_ALL);
    browser.eval("document.documentElement.classList.remove('paged')");
    for scheme in ["light", "dark"] {
        browser.media("screen", scheme);
        assert_eq!(browser.text(poor), "", "{scheme}");
        let paper = browser.text("getComputedStyle(document.documentElement).backgroundColor");
        assert_eq!(paper, if scheme == "light" { "rgb(253, 253, 251)" } else { "rgb(23, 25, 27)" });
    }
}

/// Paper has every step with its answers, and nothing to press; so has a browser without scripts.
#[test]
fn on_paper_and_without_scripts() {
    let Some(mut browser) = browser("on_paper_and_without_scripts") else { return };
    let whole = "[...document.querySelectorAll('.page, .result, .everybody, .tables, [id$=-panel]')]
        .filter((e) => !e.closest('details') && !e.checkVisibility()).map((e) => e.className + e.id).join()";
    let buttons = "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).length";
    browser.open(&book("mount-ns", "en"), "#step-3");
    assert_ne!(browser.text(whole), "");
    browser.media("print", "light");
    assert_eq!(browser.text(whole), "");
    assert_eq!(browser.eval(buttons), json!(0));
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.eval("document.querySelectorAll('details:not([open])').length"), json!(0));
    browser.eval("dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.eval("document.querySelectorAll('details[open]').length"), json!(0));

    browser.media("screen", "light");
    browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&book("mount-ns", "en"), "");
    assert!(!browser.is("document.documentElement.classList.contains('scripted')"));
    assert_eq!(browser.text(whole), "");
    assert_eq!(browser.eval(buttons), json!(0));
    browser.size(1280, 3000);
    browser.picture("scriptless");
}

/// A worksheet has room to write and no answers.
#[test]
fn a_worksheet_in_a_browser() {
    let Some(mut browser) = browser("a_worksheet_in_a_browser") else { return };
    browser.size(1280, 1300);
    browser.open(&worksheet(), "#step-5");
    assert!(shows(&mut browser, "textarea"));
    assert_eq!(browser.eval("document.querySelectorAll('.result, .verdict, .mounts, details').length"), json!(0));
    browser.tab_to("textarea");
    browser.key("n");
    assert_eq!(seen(&mut browser), ["step-5"], "what is written is no key");
    assert_eq!(browser.text("document.activeElement.value"), "n");
    browser.picture("worksheet");
    assert_eq!(browser.complaints(), NOTHING);
}

fn worksheet() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let file = home(users()[0]).join("cwd/worksheet.html");
        let args = ["export", "mount-ns", "--format", "html", "--worksheet", "--lang", "en", "-o"];
        let output = nslab(users()[0]).args(args).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        file
    };
    MADE.get_or_init(make).clone()
}

/// A few pages to look at: `NSLAB_PICTURES=FOLDER`.
#[test]
fn pictures() {
    let Some(mut browser) = browser("pictures") else { return };
    let pages = [
        ("image-layers", "en", "#step-3"),
        ("mount-ns", "zh-CN", "#step-11"),
        ("mount-ns", "en", "#programs"),
        ("mount-ns", "zh-CN", ""),
    ];
    for (lesson, lang, hash) in pages {
        for (width, height) in [(1280, 2400), (390, 2600)] {
            browser.size(width, height);
            browser.open(&book(lesson, lang), hash);
            browser.eval(OPEN_ALL);
            browser.picture(&format!("{lesson}-{lang}-{}-{width}", &hash.trim_start_matches('#')));
        }
    }
    assert_eq!(browser.complaints(), NOTHING);
}
