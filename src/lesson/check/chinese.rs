//! Lints of the Chinese words: terms and punctuation.

use super::super::{Lesson, LessonError, Step};
use super::place::Places;
use crate::op::{Call, linux, lower};

/// Words that are ruled out, with what to write.
const FORBIDDEN: [(&str, &str); 21] = [
    ("名称空间", "命名空间"),
    ("名字空间", "命名空间"),
    ("挂接点", "挂载点"),
    ("挂载列表", "挂载表"),
    ("捆绑挂载", "绑定挂载"),
    ("挂载扩散", "挂载传播"),
    ("同伴组", "对等组"),
    ("同级组", "对等组"),
    ("档案系统", "文件系统"),
    ("母机", "宿主机"),
    ("假主机", "练习宿主机"),
    ("映像", "镜像"),
    ("写入时拷贝", "写时复制"),
    ("白化", "whiteout（删除标记）"),
    ("命名卷", "具名卷"),
    ("根进程", "1 号进程"),
    ("句柄", "文件描述符"),
    ("懒卸载", "延迟卸载"),
    ("越狱", "逃逸"),
    ("您", "你"),
    ("execv() 系统调用", "execve 是系统调用，execv 是库函数"),
];

pub fn check(lesson: &Lesson, places: &Places, found: &mut Vec<LessonError>) {
    for (bad, good) in FORBIDDEN {
        found.extend(places.each(bad, || format!("write {good}, not {bad}")));
    }
    remounts(lesson, places, found);
    let mut in_code = false;
    for (number, line) in places.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        if in_code || line.starts_with("## ") || line.starts_with("### ") {
            continue;
        }
        if let Some((column, what)) = punctuation(line) {
            found.push(places.spot(number, column, what.into()));
        }
    }
}

/// 重新挂载 is said of MS_REMOUNT only, so only where a call has that flag.
fn remounts(lesson: &Lesson, places: &Places, found: &mut Vec<LessonError>) {
    let Some(text) = lesson.texts.get("zh-CN") else { return };
    for step in &lesson.steps {
        let Some(words) = text.steps.get(&step.id) else { continue };
        let spoken = [words.text.as_str(), &words.question].into_iter().chain(words.see.iter().map(String::as_str));
        if spoken.into_iter().any(|text| text.contains("重新挂载")) && !has_remount(step) {
            let what =
                "重新挂载 means MS_REMOUNT, and no call of this step has that flag; a mount on top is 再挂载一个";
            found.push(places.heading(&step.id, "", what.into()));
        }
    }
}

fn has_remount(step: &Step) -> bool {
    let rounds = step.rounds.iter().chain(step.variants.iter().flat_map(|variant| &variant.rounds));
    let flags = rounds.flat_map(|round| &round.does).flat_map(lower).filter_map(|call| match call {
        Call::Mount { flags, .. } => Some(flags.0),
        _ => None,
    });
    flags.into_iter().any(|flags| flags & linux::MS_REMOUNT != 0)
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

/// The first fault of a line: its column and what to write.
fn punctuation(line: &str) -> Option<(usize, &'static str)> {
    let characters: Vec<char> = line.chars().collect();
    let mut in_code = false;
    for (index, pair) in characters.windows(2).enumerate() {
        let [one, two] = [pair[0], pair[1]];
        if one == '`' {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        if is_han(one) && matches!(two, ',' | ';' | ':' | '?' | '!') {
            return Some((index + 2, "use full-width punctuation after a Han character"));
        }
        // Of a code span only its mark is seen here: it borders like a Latin word.
        let latin = |character: char| character.is_ascii_alphanumeric() || character == '`';
        let opens = two == '`' && !in_code;
        if is_han(one) && (two.is_ascii_alphanumeric() || opens) || latin(one) && is_han(two) {
            return Some((index + 2, "put a space between Han characters and Latin letters, digits or code"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::punctuation;

    #[test]
    fn borders_and_marks() {
        for good in
            ["挂载一个 `tmpfs`，外面也有。", "第 8 步", "`ps` 读 /proc", "（shared:8）", "按 # 试试：umount /proc"]
        {
            assert_eq!(punctuation(good), None, "{good}");
        }
        for bad in ["挂载tmpfs", "8步", "运行`ps`", "`ps`读", "行,列"] {
            assert!(punctuation(bad).is_some(), "{bad}");
        }
    }
}
