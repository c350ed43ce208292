//! Looking things up in embedded, sorted text.
//!
//! The tables are tab-separated lines below one header line, sorted by their
//! leading columns. A lookup is a binary search over the bytes, so nothing is
//! parsed or built before the first question, nor kept after it.

/// A table's header and its lines.
pub(super) fn split(table: &'static str) -> (&'static str, &'static str) {
    table.split_once('\n').unwrap_or((table, ""))
}

/// The lines of sorted `text` that begin with `prefix`.
pub(super) fn lines_with<'a>(
    text: &'a str,
    prefix: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let bytes = text.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start =
            bytes[low..middle].iter().rposition(|it| *it == b'\n').map_or(low, |at| low + at + 1);
        let end = bytes[middle..high]
            .iter()
            .position(|it| *it == b'\n')
            .map_or(high, |at| middle + at + 1);
        if &bytes[start..end] < prefix.as_bytes() {
            low = end;
        } else {
            high = start;
        }
    }
    let prefix = prefix.to_owned();
    text[low..].lines().take_while(move |line| line.starts_with(&prefix))
}

/// The field of a line by its position; empty when the line is shorter.
pub(super) fn field(line: &str, column: usize) -> &str {
    line.split('\t').nth(column).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::lines_with;

    #[test]
    fn finds_every_line_and_nothing_else() {
        let text = "a\t1\nb\t2\nb\t3\nbb\t4\nd\t5\n";
        let find = |prefix: &str| lines_with(text, prefix).collect::<Vec<_>>();
        assert_eq!(find("a\t"), ["a\t1"]);
        assert_eq!(find("b\t"), ["b\t2", "b\t3"]);
        assert_eq!(find("bb\t"), ["bb\t4"]);
        assert_eq!(find("d\t"), ["d\t5"]);
        assert!(find("c\t").is_empty());
        assert!(find("e\t").is_empty());
        assert!(find("A\t").is_empty());
        assert!(lines_with("", "a").next().is_none());
    }
}
