//! The lesson as a program, in three languages, beside what ran.

use super::student::Student;
use super::*;
use crossterm::event::KeyCode;
use ratatui::style::Color;

/// What stands on the line with the sign of the call that just ran.
fn signed(student: &Student) -> String {
    let screen = student.screen();
    screen.lines().find(|line| line.starts_with(" => ")).unwrap_or_else(|| panic!("{screen}")).into()
}

#[test]
fn each_language_has_a_tab_and_the_answer_beside_its_call() {
    let mut session = at_proc();
    see(&mut session);
    let mut student = Student::new(session);
    student.types("]");
    student.shows("[C]  shell  Rust");
    assert!(signed(&student).contains(r#"if (mount("proc", "/proc", "proc","#));
    student.types("]");
    student.shows("[shell]");
    let line = signed(&student);
    assert!(
        line.contains("in_container mount -t proc -o nosuid,nodev,noexec proc /proc") && line.contains("= 0, 18 us")
    );
    student.types("]");
    student.shows("[Rust]");
    assert!(signed(&student).contains(r#"mount(Some("proc"), "/proc","#));
    student.types("]");
    student.shows("[text]");
    student.types("[");
    student.shows("[Rust]");
    // A wide screen has the text beside them.
    student.area = Rect::new(0, 0, 160, 45);
    student.types("]");
    student.shows("[ran]  C  shell  Rust");
    student.press(KeyCode::Char(']'));
    student.shows("ran  [C]  shell  Rust");
}

#[test]
fn programs_are_highlighted_in_few_colours_or_in_none() {
    let mut session = at_proc();
    see(&mut session);
    for colour in [true, false] {
        let view = View { colour, tab: Some(crate::tui::view::PROGRAMS[0]), ..View::new(Lang::En) };
        let (drawn, _) = buffer(&session, &view, 80, 24);
        let shown = text(&drawn);
        let row = shown.lines().position(|line| line.contains("/* Step 8:")).unwrap() as u16;
        let column = shown.lines().nth(usize::from(row)).unwrap().find("/*").unwrap() as u16;
        let comment = drawn[(column, row)].fg;
        assert_eq!(comment, if colour { Color::Cyan } else { Color::Reset });
        let all = drawn.content.iter().map(|cell| cell.fg);
        assert!(all.clone().all(|fg| !matches!(fg, Color::Rgb(..) | Color::Indexed(_))));
        assert!(colour || all.clone().all(|fg| fg == Color::Reset));
        let row = shown.lines().position(|line| line.contains("if (kill(2, 0)")).unwrap() as u16;
        let column = shown.lines().nth(usize::from(row)).unwrap().find("if").unwrap() as u16;
        assert!(drawn[(column, row)].modifier.contains(ratatui::style::Modifier::BOLD), "keywords are bold");
    }
}
