//! One mount table: proc_pid_mountinfo(5), read as bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A mount table at one moment, in the kernel's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MountTable {
    raw: Arc<[u8]>,
    rows: Vec<Mount>,
    unread: Vec<Unread>,
    covered: Vec<bool>,
}

/// A line that is no row; nothing is dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// From 1.
    pub line: usize,
    pub bytes: Vec<u8>,
    pub why: &'static str,
}

type Span = (u32, u32);

/// One row: a mount.
#[derive(Debug, Clone)]
pub struct Mount {
    pub id: u64,
    pub parent: u64,
    pub major: u32,
    pub minor: u32,
    /// Peer group that it is a member of.
    pub shared: Option<u64>,
    /// Peer group that it receives events from.
    pub master: Option<u64>,
    pub propagate_from: Option<u64>,
    pub unbindable: bool,
    line: Arc<[u8]>,
    start: u32,
    end: u32,
    root: Span,
    target: Span,
    options: Span,
    fstype: Span,
    source: Span,
    super_options: Span,
}

impl PartialEq for Mount {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw()
    }
}

impl Mount {
    fn at(&self, span: Span) -> &[u8] {
        &self.line[span.0 as usize..span.1 as usize]
    }

    /// The kernel's own line.
    pub fn raw(&self) -> &[u8] {
        self.at((self.start, self.end))
    }

    /// The path within its file system that is mounted.
    pub fn root(&self) -> Cow<'_, [u8]> {
        unescape(self.at(self.root))
    }

    /// The mount point.
    pub fn target(&self) -> Cow<'_, [u8]> {
        unescape(self.at(self.target))
    }

    /// Whether the mount point is this path or below it.
    pub fn is_at_or_below(&self, path: &[u8]) -> bool {
        is_below(&self.target(), path)
    }

    pub fn source(&self) -> Cow<'_, [u8]> {
        unescape(self.at(self.source))
    }

    pub fn fstype(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.at(self.fstype))
    }

    pub fn options(&self) -> Vec<Cow<'_, str>> {
        self.at(self.options).split(|&byte| byte == b',').map(String::from_utf8_lossy).collect()
    }

    /// The file system's own options. A comma within one is escaped, so they are split before they are decoded.
    pub fn super_options(&self) -> Vec<Cow<'_, [u8]>> {
        self.at(self.super_options).split(|&byte| byte == b',').map(unescape).collect()
    }

    pub fn read_only(&self) -> bool {
        self.at(self.options).split(|&byte| byte == b',').any(|word| word == b"ro")
    }

    /// In words: `private`, `shared:3`, `slave:3`, `sh+sl:3`, `unbind`.
    pub fn propagation(&self) -> String {
        match (self.shared, self.master) {
            (Some(group), None) => format!("shared:{group}"),
            (Some(group), Some(_)) => format!("sh+sl:{group}"),
            (None, Some(group)) => format!("slave:{group}"),
            (None, None) if self.unbindable => "unbind".into(),
            (None, None) => "private".into(),
        }
    }

    /// As findmnt(8) writes it: `lab[/vol/data]`.
    pub fn source_with_root(&self) -> String {
        let source = super::printable(&self.source());
        match &*self.root() {
            b"/" => source,
            root => format!("{source}[{}]", super::printable(root)),
        }
    }

    /// What stays the same of a mount within one namespace: ids alone are reused at once.
    pub fn identity(&self) -> (u64, u32, u32, &[u8]) {
        (self.id, self.major, self.minor, self.at(self.root))
    }

    pub(super) fn raw_target(&self) -> &[u8] {
        self.at(self.target)
    }
}

impl MountTable {
    pub fn parse(raw: Vec<u8>) -> MountTable {
        MountTable::default().reparse(raw)
    }

    /// The same as [`parse`](Self::parse); lines that stand in this table already are not parsed again.
    pub fn reparse(&self, raw: Vec<u8>) -> MountTable {
        if *self.raw == *raw {
            return self.clone();
        }
        let raw: Arc<[u8]> = raw.into();
        let mut rows: Vec<Mount> = Vec::with_capacity(self.rows.len().max(16));
        let mut unread = Vec::new();
        let mut start = 0;
        let mut known = self.rows.iter().peekable();
        let mut number = 0;
        while start < raw.len() {
            let end = raw[start..].iter().position(|&byte| byte == b'\n').map_or(raw.len(), |length| start + length);
            number += 1;
            // Rows come in the old order with few exceptions: one step of looking ahead finds nearly all.
            if known.peek().is_some_and(|row| row.raw() == &raw[start..end]) {
                rows.push(known.next().expect("peeked").clone());
            } else {
                match parse_row(&raw, start..end) {
                    Ok(row) => {
                        if known.peek().is_some_and(|old| old.id == row.id) {
                            known.next();
                        }
                        rows.push(row);
                    }
                    Err(why) => unread.push(Unread { line: number, bytes: raw[start..end].to_vec(), why }),
                }
            }
            start = end + 1;
        }
        let covered = covered(&rows);
        MountTable { raw, rows, unread, covered }
    }

    pub fn rows(&self) -> &[Mount] {
        &self.rows
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Whether no path leads to this mount.
    pub fn covered(&self, row: usize) -> bool {
        self.covered.get(row).copied().unwrap_or(false)
    }

    /// The mount on the same mount point directly below this one.
    pub fn covers(&self, row: usize) -> Option<usize> {
        let mount = self.rows.get(row)?;
        self.rows.iter().position(|below| below.id == mount.parent && below.raw_target() == mount.raw_target())
    }

    /// The mount that answers for a path: the one whose mount point is the longest prefix, among those that a path
    /// leads to.
    pub fn answering(&self, path: &[u8]) -> Option<usize> {
        (0..self.len())
            .filter(|&row| !self.covered(row) && is_below(path, &self.rows[row].target()))
            .max_by_key(|&row| self.rows[row].target().len())
    }

    /// Parents before children, siblings by mount point, the top of a stack first; with each row's depth.
    pub fn tree_order(&self) -> Vec<(usize, usize)> {
        let mut children: HashMap<u64, Vec<usize>> = HashMap::new();
        let ids: HashMap<u64, usize> = self.rows.iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
        let mut tops = Vec::new();
        for (row, mount) in self.rows.iter().enumerate() {
            let is_top = mount.parent == mount.id || !ids.contains_key(&mount.parent);
            if is_top { &mut tops } else { children.entry(mount.parent).or_default() }.push(row);
        }
        let by_target = |a: &usize, b: &usize| self.rows[*a].target().cmp(&self.rows[*b].target());
        tops.sort_by(by_target);
        children.values_mut().for_each(|rows| rows.sort_by(by_target));
        let mut order = Vec::with_capacity(self.len());
        let mut seen = vec![false; self.len()];
        let mut stack: Vec<(usize, usize, bool)> = tops.iter().rev().map(|&row| (row, 0, false)).collect();
        // Rows whose parents go in a circle, in hostile input, are reached from nowhere: they come last.
        let mut next_lost = 0;
        loop {
            let Some((row, depth, covers_done)) = stack.pop() else {
                match (next_lost..self.len()).find(|&row| !seen[row]) {
                    Some(row) => {
                        next_lost = row + 1;
                        stack.push((row, 0, false));
                        continue;
                    }
                    None => return order,
                }
            };
            if covers_done {
                order.push((row, depth));
                continue;
            }
            if std::mem::replace(&mut seen[row], true) {
                continue;
            }
            let below = children.get(&self.rows[row].id).map_or(&[][..], Vec::as_slice);
            let on_top = |child: &&usize| self.rows[**child].raw_target() == self.rows[row].raw_target();
            for &child in below.iter().rev().filter(|child| !on_top(child)) {
                stack.push((child, depth + 1, false));
            }
            stack.push((row, depth, true));
            // What lies on top of this mount is drawn above it.
            for &child in below.iter().filter(on_top) {
                stack.push((child, depth, false));
            }
        }
    }
}

/// Whether `path` is `base` or below it, component by component.
fn is_below(path: &[u8], base: &[u8]) -> bool {
    base == b"/" || path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// For each row whether no path leads to it: something lies on top of it, or on a directory on the way to it. A
/// process's root is not walked anew, so what is mounted on `/` itself covers nothing: it is out of reach.
fn covered(rows: &[Mount]) -> Vec<bool> {
    let ids: HashMap<u64, usize> = rows.iter().enumerate().map(|(row, mount)| (mount.id, row)).collect();
    let parent = |row: usize| ids.get(&rows[row].parent).copied().filter(|&parent| parent != row);
    let at: HashMap<(u64, &[u8]), usize> =
        rows.iter().enumerate().map(|(row, mount)| ((mount.parent, mount.raw_target()), row)).collect();
    let is_root = |row: usize| parent(row).is_none() && rows[row].raw_target() == b"/";
    let mut crowded: HashMap<u64, u32> = HashMap::new();
    for mount in rows {
        *crowded.entry(mount.parent).or_default() += 1;
    }
    // Something of the same parent lies on the way from the parent to this mount point.
    let way_blocked = |row: usize| {
        let mount = &rows[row];
        let Some(parent_row) = parent(row) else { return false };
        let (target, base) = (mount.raw_target(), rows[parent_row].raw_target());
        if target == base {
            return is_root(parent_row);
        }
        if crowded[&mount.parent] < 2 {
            return false;
        }
        let shortest = if base == b"/" { 0 } else { base.len() };
        let mut end = target.len();
        while let Some(slash) = target[..end].iter().rposition(|&byte| byte == b'/') {
            end = slash;
            if end < shortest || (end == 0 && base == b"/") {
                break;
            }
            let blocked = at.get(&(mount.parent, &target[..end]));
            if blocked.is_some_and(|&other| other != row) {
                return true;
            }
        }
        // Mounted on the parent's own root: everything below the parent is hidden.
        at.get(&(mount.parent, base)).is_some_and(|&other| other != row && !is_root(parent_row))
    };
    #[derive(Clone, Copy, PartialEq)]
    enum Hidden {
        Unknown,
        Asked,
        Known(bool),
    }
    let mut hidden = vec![Hidden::Unknown; rows.len()];
    for row in 0..rows.len() {
        let mut chain = Vec::new();
        let mut cursor = Some(row);
        let mut answer = false;
        while let Some(at) = cursor {
            match hidden[at] {
                Hidden::Known(known) => {
                    answer = known;
                    break;
                }
                Hidden::Asked => break,
                Hidden::Unknown => {
                    hidden[at] = Hidden::Asked;
                    chain.push(at);
                    cursor = parent(at);
                }
            }
        }
        for &at in chain.iter().rev() {
            answer = answer || way_blocked(at);
            hidden[at] = Hidden::Known(answer);
        }
    }
    (0..rows.len())
        .map(|row| {
            let on_top = at.get(&(rows[row].id, rows[row].raw_target())).is_some_and(|&top| top != row);
            hidden[row] == Hidden::Known(true) || (on_top && !is_root(row))
        })
        .collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_row(raw: &Arc<[u8]>, line: Range<usize>) -> Result<Mount, &'static str> {
    let mut position = line.start;
    let mut field = || -> Option<Span> {
        if position > line.end {
            return None;
        }
        let start = position;
        let end = raw[start..line.end].iter().position(|&byte| byte == b' ').map_or(line.end, |length| start + length);
        position = end + 1;
        Some((start as u32, end as u32))
    };
    let text = |span: Span| &raw[span.0 as usize..span.1 as usize];
    let number = |bytes: &[u8]| -> Option<u64> {
        (!bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit))
            .then(|| std::str::from_utf8(bytes).ok()?.parse().ok())?
    };
    let id = field().and_then(|span| number(text(span))).ok_or("field 1, the mount's id, is no number")?;
    let parent = field().and_then(|span| number(text(span))).ok_or("field 2, the parent's id, is no number")?;
    let device = field().ok_or("field 3, the device, is missing")?;
    let colon = text(device).iter().position(|&byte| byte == b':').ok_or("field 3, the device, has no colon")?;
    let part = |bytes: &[u8]| number(bytes).and_then(|number| u32::try_from(number).ok());
    let major = part(&text(device)[..colon]).ok_or("field 3, the device, has no major number")?;
    let minor = part(&text(device)[colon + 1..]).ok_or("field 3, the device, has no minor number")?;
    let root = field().ok_or("field 4, the root, is missing")?;
    let target = field().ok_or("field 5, the mount point, is missing")?;
    let options = field().ok_or("field 6, the options, are missing")?;
    let (mut shared, mut master, mut propagate_from, mut unbindable) = (None, None, None, false);
    loop {
        let optional = field().ok_or("the separator \" - \" is missing")?;
        let word = text(optional);
        let group = |name: &[u8]| word.strip_prefix(name).and_then(number);
        match word {
            b"-" => break,
            b"unbindable" => unbindable = true,
            _ => {
                shared = group(b"shared:").or(shared);
                master = group(b"master:").or(master);
                propagate_from = group(b"propagate_from:").or(propagate_from);
            }
        }
    }
    let fstype = field().ok_or("the type is missing")?;
    let source = field().ok_or("the source is missing")?;
    let super_options =
        if position <= line.end { (position as u32, line.end as u32) } else { (line.end as u32, line.end as u32) };
    Ok(Mount {
        id,
        parent,
        major,
        minor,
        shared,
        master,
        propagate_from,
        unbindable,
        line: raw.clone(),
        start: line.start as u32,
        end: line.end as u32,
        root,
        target,
        options,
        fstype,
        source,
        super_options,
    })
}

/// Decodes `\ooo`, once: `\134040` is the text `\040`.
fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'\\') {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] if byte == b'\\' => {
                out.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                rest = after;
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}
