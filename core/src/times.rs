//! Times as dbt writes them, as microseconds since 1970 in UTC.

const FIRST_YEAR: i64 = 1970;
const LAST_YEAR: i64 = 2261; // the last whole year of a timestamp in nanoseconds
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// A time of the form `2026-11-01T06:00:00.123456Z`. The fraction may be missing, and is cut after six digits. None for
/// a text of any other form.
pub fn utc(text: &str) -> Option<i64> {
    parse(text.strip_suffix('Z')?)
}

/// As `utc`; also with an offset such as `+02:00`, or without any zone, which is UTC.
pub fn with_offset(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (time, offset) = match text.as_bytes() {
        [.., b'+' | b'-', _, _, b':', _, _] => text.split_at(text.len() - 6),
        _ => (text, "+00:00"),
    };
    let (hours, minutes) = (two_digits(offset, 1)?, two_digits(offset, 4)?);
    if text.len() != time.len() && (text.len() < 25 || hours > 23 || minutes > 59) {
        return None;
    }
    let behind = (hours * 60 + minutes) * 60_000_000;
    Some(parse(time)? + if offset.starts_with('-') { behind } else { -behind })
}

fn parse(time: &str) -> Option<i64> {
    let bytes = time.as_bytes();
    if bytes.len() < 19 || !time.is_ascii() {
        return None;
    }
    if [bytes[4], bytes[7], bytes[13], bytes[16]] != *b"--::" || !matches!(bytes[10], b'T') {
        return None;
    }
    let year = two_digits(time, 0)? * 100 + two_digits(time, 2)?;
    let (month, day) = (two_digits(time, 5)?, two_digits(time, 8)?);
    let (hour, minute, second) = (two_digits(time, 11)?, two_digits(time, 14)?, two_digits(time, 17)?);
    let is_date = (FIRST_YEAR..=LAST_YEAR).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(days_since_1970(year, month, day) * MICROSECONDS_PER_DAY + seconds * 1_000_000 + microseconds(&bytes[19..])?)
}

/// The microseconds in a fraction such as `.5`, and 0 in no fraction.
fn microseconds(fraction: &[u8]) -> Option<i64> {
    let [b'.', digits @ ..] = fraction else {
        return fraction.is_empty().then_some(0);
    };
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((0..6).fold(0, |sum, place| sum * 10 + digits.get(place).map_or(0, |digit| i64::from(digit - b'0'))))
}

fn two_digits(text: &str, at: usize) -> Option<i64> {
    match text.as_bytes().get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// https://howardhinnant.github.io/date_algorithms.html#days_from_civil
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{utc, with_offset};

    #[test]
    fn times_of_usual_forms() {
        assert_eq!(utc("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(utc("2026-11-01T06:00:00.123456Z"), Some(1_793_512_800_123_456));
        assert_eq!(utc("2024-02-29T23:59:59.9999999Z"), Some(1_709_251_199_999_999));
        assert_eq!(with_offset("2026-11-01T08:00:00+02:00"), Some(1_793_512_800_000_000));
        assert_eq!(with_offset("2026-11-01T00:30:00-05:30"), Some(1_793_512_800_000_000));
        assert_eq!(with_offset("2026-11-01T06:00:00"), Some(1_793_512_800_000_000));
    }

    #[test]
    fn other_forms_are_unusual() {
        for text in ["", "2026-11-01", "2026-02-29T00:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01T00:00:00.Z", "2026-11-01T00:00:60Z"] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!(utc("2026-11-01T06:00:00.1234567890Z"), None);
        assert_eq!(utc("2026-11-01T06:00:00"), None);
        assert_eq!(utc("1969-12-31T00:00:00Z"), None);
        assert_eq!(with_offset("2026-11-01T06:00:00+24:00"), None);
    }
}
