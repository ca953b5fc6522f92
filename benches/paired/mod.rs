//! Two things measured in turn, in the same run, so that a busy or slow machine is the same for both.

use std::time::Duration;

/// Medians of ours and of the baseline.
pub struct Pair {
    pub ours: Duration,
    pub baseline: Duration,
}

impl Pair {
    /// Runs both in turn (A B, B A, …), `rounds` times each; the first round only warms up.
    pub fn measure(rounds: usize, mut ours: impl FnMut() -> Duration, mut baseline: impl FnMut() -> Duration) -> Pair {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let (x, y) = if round % 2 == 0 {
                let x = ours();
                (x, baseline())
            } else {
                let y = baseline();
                (ours(), y)
            };
            if round > 0 {
                a.push(x);
                b.push(y);
            }
        }
        Pair { ours: median(a), baseline: median(b) }
    }

    pub fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.baseline.as_secs_f64()
    }

    /// One line: both medians, their ratio, and the ratio that is aimed at.
    pub fn report(&self, what: &str, aim: f64) {
        let verdict = if self.ratio() <= aim { "ok" } else { "over" };
        println!(
            "{what:<44} {:>11.3?} / {:>11.3?} = {:>5.2}  (aim {aim}: {verdict})",
            self.ours,
            self.baseline,
            self.ratio()
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
