//! `nslab play` on the screen: the palette of operations, the form for one of them, and what writes it all down.

mod input;
mod page;
mod press;

pub use page::{keys, message, open, page};
pub use press::{begin, paste, press, refuses, wrote};

use crate::op::Actor;
use crate::play::{Item, items};
use crate::session::{Form, Session};
use crate::words::Lang;
use input::Input;
use std::collections::BTreeMap;

/// What of it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// The palette.
    List,
    /// The arguments of the operation that was chosen.
    Form,
    /// Form and name of the file to write.
    Write,
    /// The file is there already: replace it?
    Replace,
    /// What came of writing.
    Wrote,
}

/// What was typed and chosen. It stays while nothing is open, so that nothing is typed twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    pub actor: Actor,
    pub filter: Input,
    /// Which of the items that the filter leaves.
    pub at: usize,
    /// The operation that was chosen.
    pub name: &'static str,
    /// What was typed for each operation.
    pub lines: BTreeMap<&'static str, Input>,
    pub form: Form,
    /// The name of the file, for each form.
    pub files: [Input; 2],
    /// What came of writing, in words.
    pub said: String,
}

impl Default for Palette {
    fn default() -> Palette {
        Palette {
            actor: Actor::Host,
            filter: Input::default(),
            at: 0,
            name: "clone",
            lines: BTreeMap::new(),
            form: Form::Lesson,
            files: [Input::new("my-lesson"), Input::new("play.sh")],
            said: String::new(),
        }
    }
}

impl Palette {
    /// The items that the filter leaves; those that it names come first.
    fn items(&self, session: &Session, lang: Lang) -> Vec<Item> {
        let wanted = self.filter.text().trim().to_lowercase();
        let mut items = items(&session.lesson.host.lab, lang);
        items.retain(|item| item.name.contains(&wanted) || item.about.to_lowercase().contains(&wanted));
        if !wanted.is_empty() {
            items.sort_by_key(|item| !item.name.starts_with(&wanted));
        }
        items
    }

    fn chosen(&self, session: &Session, lang: Lang) -> Option<Item> {
        items(&session.lesson.host.lab, lang).into_iter().find(|item| item.name == self.name)
    }

    /// What stands in the form, as one line.
    fn line(&self) -> String {
        let typed = self.lines.get(self.name).map(Input::text).unwrap_or_default();
        format!("{}: {typed}", self.name)
    }

    fn file(&mut self) -> &mut Input {
        &mut self.files[usize::from(self.form == Form::Script)]
    }

    /// The line that a sheet types into.
    fn typed(&mut self, sheet: Sheet) -> Option<&mut Input> {
        match sheet {
            Sheet::List => Some(&mut self.filter),
            Sheet::Form => self.lines.get_mut(self.name),
            Sheet::Write => Some(self.file()),
            Sheet::Replace | Sheet::Wrote => None,
        }
    }

    fn file_name(&self) -> String {
        self.files[usize::from(self.form == Form::Script)].text()
    }

    /// Who would act: the container only once it is there, and who alone can.
    fn actor_for(&self, item: &Item, session: &Session) -> Actor {
        let chosen = if session.now.inside.is_some() { self.actor } else { Actor::Host };
        item.only.unwrap_or(chosen)
    }
}
