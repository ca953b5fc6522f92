//! What a text is made of.

use std::rc::Rc;

use super::lex::Word;

pub type List = Vec<Item>;

#[derive(Debug, PartialEq)]
pub struct Item {
    pub first: Pipeline,
    /// `&&` (true) and `||` (false).
    pub rest: Vec<(bool, Pipeline)>,
    pub background: bool,
    pub text: String,
}

#[derive(Debug, PartialEq)]
pub struct Pipeline {
    pub negated: bool,
    pub commands: Vec<Command>,
}

#[derive(Debug, PartialEq)]
pub struct Command {
    pub body: Body,
    pub redirs: Vec<Redir>,
    /// Without the redirections after a compound command.
    pub text: String,
}

#[derive(Debug, PartialEq)]
pub enum Body {
    Simple {
        assigns: Vec<(String, Word)>,
        words: Vec<Word>,
    },
    Brace(List),
    /// The text between the brackets.
    Subshell(String),
    If {
        arms: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Function {
        name: String,
        body: Rc<Command>,
    },
}

#[derive(Debug, PartialEq)]
pub struct Redir {
    pub fd: i32,
    pub op: &'static str,
    pub word: Word,
}
