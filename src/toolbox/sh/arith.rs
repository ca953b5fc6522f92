//! `$((…))`: whole numbers.

/// The value of an expression; `var` gives a variable's text.
pub fn value(text: &str, var: &dyn Fn(&str) -> String) -> Result<i64, String> {
    let mut a = Arith { s: text.chars().filter(|c| !c.is_whitespace()).collect(), i: 0, var };
    let v = a.binary(0)?;
    match a.s.get(a.i) {
        None => Ok(v),
        Some(c) => Err(format!("$(({text})): '{c}' is unexpected here")),
    }
}

struct Arith<'a> {
    s: Vec<char>,
    i: usize,
    var: &'a dyn Fn(&str) -> String,
}

const LEVELS: &[&[&str]] = &[&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Arith<'_> {
    fn eat(&mut self, op: &str) -> bool {
        let hit = op.chars().enumerate().all(|(k, c)| self.s.get(self.i + k) == Some(&c));
        self.i += if hit { op.len() } else { 0 };
        hit
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(ops) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut a = self.binary(level + 1)?;
        while let Some(op) = ops.iter().find(|op| self.eat(op)) {
            let b = self.binary(level + 1)?;
            a = match *op {
                "||" => i64::from(a != 0 || b != 0),
                "&&" => i64::from(a != 0 && b != 0),
                "==" => i64::from(a == b),
                "!=" => i64::from(a != b),
                "<=" => i64::from(a <= b),
                ">=" => i64::from(a >= b),
                "<" => i64::from(a < b),
                ">" => i64::from(a > b),
                "+" => a.wrapping_add(b),
                "-" => a.wrapping_sub(b),
                "*" => a.wrapping_mul(b),
                "/" => a.checked_div(b).ok_or("division by zero")?,
                _ => a.checked_rem(b).ok_or("division by zero")?,
            };
        }
        Ok(a)
    }

    fn unary(&mut self) -> Result<i64, String> {
        if self.eat("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.eat("+") {
            return self.unary();
        }
        if self.eat("!") {
            return Ok(i64::from(self.unary()? == 0));
        }
        if self.eat("(") {
            let v = self.binary(0)?;
            return if self.eat(")") { Ok(v) } else { Err("$((…)): a ) is missing".into()) };
        }
        let from = self.i;
        while self.s.get(self.i).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.i += 1;
        }
        let word: String = self.s[from..self.i].iter().collect();
        let text = if word.starts_with(|c: char| c.is_ascii_digit()) { word.clone() } else { (self.var)(&word) };
        let text = text.trim();
        if text.is_empty() && !word.is_empty() {
            return Ok(0);
        }
        text.parse().map_err(|_| format!("$((…)): '{}' is not a number", if text.is_empty() { &word } else { text }))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums() {
        let v = |s: &str| super::value(s, &|n| if n == "x" { "5".into() } else { String::new() });
        assert_eq!(v("1 + 2 * (x - 3)"), Ok(5));
        assert_eq!(v("-x % 3 < 0 && y == 0"), Ok(1));
        assert!(v("1/0").is_err() && v("1 +").is_err() && v("1 2x").is_err());
    }
}
