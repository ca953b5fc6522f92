//! One row of a mount table: proc_pid_mountinfo(5), read as bytes.

use memchr::memchr;
use std::borrow::Cow;
use std::sync::Arc;

/// A field's place in its row.
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
    table: Arc<Vec<u8>>,
    start: usize,
    length: u32,
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
        &self.raw()[span.0 as usize..span.1 as usize]
    }

    /// The same row in another table, which has the same bytes there.
    pub(super) fn moved(&self, table: &Arc<Vec<u8>>, start: usize) -> Mount {
        Mount { table: table.clone(), start, ..*self }
    }

    /// The kernel's own line.
    pub fn raw(&self) -> &[u8] {
        &self.table[self.start..self.start + self.length as usize]
    }

    /// The path within its file system that is mounted.
    pub fn root(&self) -> Cow<'_, [u8]> {
        unescape(self.raw_root())
    }

    /// The mount point.
    pub fn target(&self) -> Cow<'_, [u8]> {
        unescape(self.raw_target())
    }

    /// Whether the mount point is this path or below it.
    pub fn is_at_or_below(&self, path: &[u8]) -> bool {
        super::table::is_below(&self.target(), path)
    }

    pub fn source(&self) -> Cow<'_, [u8]> {
        unescape(self.at(self.source))
    }

    pub fn fstype(&self) -> Cow<'_, str> {
        match unescape(self.at(self.fstype)) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        }
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
        (self.id, self.major, self.minor, self.raw_root())
    }

    pub(super) fn raw_root(&self) -> &[u8] {
        self.at(self.root)
    }

    pub(super) fn raw_target(&self) -> &[u8] {
        self.at(self.target)
    }

    /// Type, source and flags as they stand: what differs in them differs in what they say.
    pub(super) fn raw_kind(&self) -> [&[u8]; 4] {
        [self.fstype, self.source, self.options, self.super_options].map(|span| self.at(span))
    }
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
///
/// Fields end at the byte 0x20 and nowhere else; optional fields end with a lone `-`, and those of other names are left
/// alone, as the manual asks for.
pub(super) fn parse(table: &Arc<Vec<u8>>, start: usize, end: usize) -> Result<Mount, &'static str> {
    let line = &table[start..end];
    let length = u32::try_from(line.len()).map_err(|_| "it is longer than any row")?;
    let mut fields = Fields { line, next: 0 };
    let id = fields.number(b' ').ok_or("field 1, the mount's id, is no number")?;
    let parent = fields.number(b' ').ok_or("field 2, the parent's id, is no number")?;
    let mut device = |end| fields.number(end).and_then(|number| u32::try_from(number).ok());
    let major = device(b':').ok_or("field 3, the device, has no major number")?;
    let minor = device(b' ').ok_or("field 3, the device, has no minor number")?;
    let root = fields.filled().ok_or("field 4, the root, is missing")?;
    let target = fields.filled().ok_or("field 5, the mount point, is missing")?;
    let options = fields.filled().ok_or("field 6, the options, are missing")?;
    let (mut shared, mut master, mut propagate_from, mut unbindable) = (None, None, None, false);
    loop {
        let span = fields.next().ok_or("the separator \" - \" is missing")?;
        let word = &line[span.0 as usize..span.1 as usize];
        let group = match word {
            b"-" => break,
            b"unbindable" => {
                unbindable = true;
                continue;
            }
            _ if word.starts_with(b"shared:") => &mut shared,
            _ if word.starts_with(b"master:") => &mut master,
            _ if word.starts_with(b"propagate_from:") => &mut propagate_from,
            _ => continue,
        };
        let colon = memchr(b':', word).unwrap_or(0);
        *group = Some(number(&word[colon + 1..]).ok_or("a peer group is no number")?);
    }
    let fstype = fields.next().ok_or("the type is missing")?;
    let source = fields.next().ok_or("the source is missing")?;
    if fields.next > line.len() {
        return Err("the file system's options are missing");
    }
    let super_options = (fields.next as u32, length);
    Ok(Mount {
        id,
        parent,
        major,
        minor,
        shared,
        master,
        propagate_from,
        unbindable,
        table: table.clone(),
        start,
        length,
        root,
        target,
        options,
        fstype,
        source,
        super_options,
    })
}

/// A row from left to right.
struct Fields<'a> {
    line: &'a [u8],
    next: usize,
}

impl Fields<'_> {
    fn next(&mut self) -> Option<Span> {
        let rest = self.line.get(self.next..)?;
        let start = self.next;
        let end = memchr(b' ', rest).map_or(self.line.len(), |length| start + length);
        self.next = end + 1;
        Some((start as u32, end as u32))
    }

    fn filled(&mut self) -> Option<Span> {
        self.next().filter(|(start, end)| start < end)
    }

    /// Digits up to a byte, which must come.
    fn number(&mut self, end: u8) -> Option<u64> {
        let rest = self.line.get(self.next..)?;
        let digits = rest.iter().position(|&byte| byte == end)?;
        self.next += digits + 1;
        number(&rest[..digits])
    }
}

/// Digits alone, unlike `str::parse`, which takes a sign.
fn number(digits: &[u8]) -> Option<u64> {
    let next = |sum: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, next) }
}

/// Decodes `\ooo`, once: `\134040` is the text `\040`.
fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\\', bytes).is_none() {
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
