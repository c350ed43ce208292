//! When a delivery that failed is tried again, and when we give up.

use chrono::{DateTime, Duration, Utc};

use crate::platform::crypto::random;

/// The pauses between attempts that the specification suggests. The first
/// attempt is made at once, so there are ten.
const PAUSES: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];

/// A receiver may put us off for so long.
const LONGEST: Duration = Duration::hours(24);

/// An endpoint that fails for so long is disabled.
pub const PATIENCE: Duration = Duration::days(5);

/// The pause after the given number of tries; none when it was the last.
/// `spread`, below one, makes it up to a tenth longer, so that what failed
/// together does not come back together.
fn pause(tries: i32, asked: Option<Duration>, spread: f64) -> Option<Duration> {
    let index = usize::try_from(tries.max(1) - 1).ok()?;
    let pause = *PAUSES.get(index)?;
    let millis = pause.num_milliseconds();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a day in milliseconds is small"
    )]
    let jitter = Duration::milliseconds((millis as f64 * spread / 10.0) as i64);
    Some((pause + jitter).max(asked.unwrap_or_default().min(LONGEST)))
}

pub fn next(tries: i32, asked: Option<Duration>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let spread = f64::from(u16::from_be_bytes(random())) / f64::from(u16::MAX);
    pause(tries, asked, spread).map(|it| now + it)
}

/// Reads `Retry-After`: seconds, or a date.
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::seconds(seconds.into()));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?;
    Some((at.to_utc() - now).max(Duration::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_as_the_specification_says_and_end() {
        let seconds: Vec<_> =
            (1..=10).map(|tries| pause(tries, None, 0.0).map(|it| it.num_seconds())).collect();
        let expected = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
        assert_eq!(seconds[..9], expected.map(Some));
        assert_eq!(seconds[9], None);
        let spread = pause(2, None, 1.0).unwrap();
        assert_eq!(spread, Duration::seconds(330));
    }

    #[test]
    fn the_receiver_may_ask_for_more_time_but_not_for_ever() {
        let minute = Some(Duration::minutes(1));
        assert_eq!(pause(1, minute, 0.0), minute);
        assert_eq!(pause(2, minute, 0.0), Some(Duration::minutes(5)));
        assert_eq!(pause(1, Some(Duration::days(9)), 0.0), Some(Duration::hours(24)));
        assert_eq!(pause(10, minute, 0.0), None);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::seconds(120)));
        let date = "Sun, 22 Nov 2026 12:00:30 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::seconds(30)));
        let past = "Sun, 22 Nov 2026 11:00:00 GMT";
        assert_eq!(retry_after(past, now), Some(Duration::zero()));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-5", now), None);
    }
}
