//! How the rows of a table lie over one another.

use super::row::Mount;
use foldhash::{HashMap, HashMapExt, HashSet};

/// For each row its parent's row, if that is another one and in the table. In hostile input parents may go in a circle
/// and ids may stand twice; then the last one counts.
pub fn parents(rows: &[Mount]) -> Vec<Option<u32>> {
    let mut ids: HashMap<u64, u32> = HashMap::with_capacity(rows.len());
    ids.extend(rows.iter().enumerate().map(|(row, mount)| (mount.id, row as u32)));
    // Siblings mostly stand together.
    let mut last = (u64::MAX, None);
    let parent_of = |(row, mount): (usize, &Mount)| {
        if mount.parent != last.0 {
            last = (mount.parent, ids.get(&mount.parent).copied());
        }
        last.1.filter(|&parent| parent != row as u32)
    };
    rows.iter().enumerate().map(parent_of).collect()
}

/// For each row whether no path leads to it: something lies on top of it, or on a directory on the way to it. A
/// process's root is not walked anew, so what is mounted on `/` itself covers nothing: it is out of reach.
pub fn covered(rows: &[Mount], parents: &[Option<u32>]) -> Vec<bool> {
    let parent = |row: usize| parents[row].map(|parent| parent as usize);
    let is_root = |row: usize| parent(row).is_none() && rows[row].raw_target() == b"/";
    let on_parent = |row: usize| parent(row).filter(|&below| rows[below].raw_target() == rows[row].raw_target());
    let mut on_top = vec![false; rows.len()];
    (0..rows.len()).filter_map(on_parent).for_each(|below| on_top[below] = true);
    let behind = behind_siblings(rows, parents);
    let way_blocked = |row: usize| match on_parent(row) {
        Some(below) => is_root(below),
        // What is mounted on the parent's own root hides everything else below the parent.
        None => behind[row] || parent(row).is_some_and(|parent| on_top[parent] && !is_root(parent)),
    };
    let hidden = below_blocked(parents, way_blocked);
    (0..rows.len()).map(|row| hidden[row] || (on_top[row] && !is_root(row))).collect()
}

/// For each row whether its own way is blocked or that of a mount that it lies in.
fn below_blocked(parents: &[Option<u32>], way_blocked: impl Fn(usize) -> bool) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Hidden {
        Unknown,
        Asked,
        Known(bool),
    }
    // Mostly no way is blocked.
    if !(0..parents.len()).any(&way_blocked) {
        return vec![false; parents.len()];
    }
    let mut hidden = vec![Hidden::Unknown; parents.len()];
    let mut chain = Vec::new();
    for row in 0..parents.len() {
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
                    cursor = parents[at].map(|parent| parent as usize);
                }
            }
        }
        while let Some(at) = chain.pop() {
            answer = answer || way_blocked(at);
            hidden[at] = Hidden::Known(answer);
        }
    }
    hidden.into_iter().map(|hidden| hidden == Hidden::Known(true)).collect()
}

/// For each row whether another mount on the same parent lies on a directory between the two.
fn behind_siblings(rows: &[Mount], parents: &[Option<u32>]) -> Vec<bool> {
    // How much of a mount point is the parent's. Nothing is known of a parent that is not in the table.
    let base = |row: usize| match parents[row].map(|parent| rows[parent as usize].raw_target()) {
        None | Some(b"/") => 0,
        Some(target) => target.len(),
    };
    let mut behind = vec![false; rows.len()];
    // Nearly all rows are out of the question since no mount point is as long as a part of theirs.
    let mut lengths = vec![false; rows.iter().map(|mount| mount.raw_target().len()).max().unwrap_or(0) + 1];
    rows.iter().for_each(|mount| lengths[mount.raw_target().len()] = true);
    let maybe = |row: &usize| {
        let mut slashes = memchr::memrchr_iter(b'/', rows[*row].raw_target()).take_while(|&slash| slash > base(*row));
        slashes.any(|slash| lengths[slash])
    };
    let crowded: HashSet<u64> = (0..rows.len()).filter(maybe).map(|row| rows[row].parent).collect();
    if crowded.is_empty() {
        return behind;
    }
    let mut candidates: Vec<usize> = (0..rows.len()).filter(|&row| crowded.contains(&rows[row].parent)).collect();
    // By parent and then by component, so that a directory comes right before what is below it.
    let components = |row: usize| rows[row].raw_target().split(|&byte| byte == b'/');
    candidates.sort_by(|&a, &b| rows[a].parent.cmp(&rows[b].parent).then_with(|| components(a).cmp(components(b))));
    let mut way: Vec<usize> = Vec::new();
    for row in candidates {
        let (mount, target) = (&rows[row], rows[row].raw_target());
        let leads_here = |&above: &usize| {
            let rest = target.strip_prefix(rows[above].raw_target());
            rows[above].parent == mount.parent && rest.is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        while way.last().is_some_and(|above| !leads_here(above)) {
            way.pop();
        }
        behind[row] = !way.is_empty();
        if target.len() > base(row).max(1) {
            way.push(row);
        }
    }
    behind
}

/// Parents before children, siblings by mount point, the top of a stack first; with each row's depth.
pub fn order(rows: &[Mount], parents: &[Option<u32>]) -> Vec<(usize, usize)> {
    let mut tops = Vec::new();
    let mut children = vec![Vec::new(); rows.len()];
    for (row, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent as usize].push(row),
            None => tops.push(row),
        }
    }
    let by_target = |a: &usize, b: &usize| rows[*a].target().cmp(&rows[*b].target());
    tops.sort_by(by_target);
    children.iter_mut().for_each(|rows| rows.sort_by(by_target));
    let mut order = Vec::with_capacity(rows.len());
    let mut seen = vec![false; rows.len()];
    let mut stack: Vec<(usize, usize, bool)> = tops.iter().rev().map(|&row| (row, 0, false)).collect();
    // Rows whose parents go in a circle are reached from nowhere: they come last.
    let mut next_lost = 0;
    loop {
        let Some((row, depth, covers_done)) = stack.pop() else {
            match (next_lost..rows.len()).find(|&row| !seen[row]) {
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
        let on_top = |child: &&usize| rows[**child].raw_target() == rows[row].raw_target();
        for &child in children[row].iter().rev().filter(|child| !on_top(child)) {
            stack.push((child, depth + 1, false));
        }
        stack.push((row, depth, true));
        // What lies on top of this mount is drawn above it.
        for &child in children[row].iter().filter(on_top) {
            stack.push((child, depth, false));
        }
    }
}
