//! How wide text is, without asking the machine.
//!
//! Widths are those of Inter, the typeface that prints and images embed; a
//! margin covers the system fonts that a browser may take instead.

/// Advance widths of Inter Regular from space to tilde, in thousandths of an em.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610,
    618, 646, 593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601,
    590, 746, 743, 269, 571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682,
    679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549,
    242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
];
/// The same of Inter SemiBold.
#[rustfmt::skip]
const SEMIBOLD: [u16; 95] = [
    252, 321, 523, 644, 650, 1004, 663, 326, 373, 373, 540, 673, 319, 465, 319, 379, 660, 423, 623,
    636, 666, 612, 640, 576, 640, 640, 319, 329, 673, 673, 673, 543, 999, 728, 659, 737, 722, 605,
    588, 749, 746, 277, 580, 703, 565, 922, 759, 769, 645, 773, 652, 650, 660, 736, 728, 1020, 720,
    713, 652, 373, 379, 373, 481, 469, 351, 574, 624, 583, 624, 591, 389, 625, 612, 262, 262, 569,
    262, 900, 612, 609, 624, 624, 397, 549, 353, 612, 587, 839, 569, 588, 566, 455, 359, 455, 673,
];

/// What other typefaces may take more than Inter does.
const MARGIN: f64 = 1.06;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    SemiBold,
}

/// Width in pixels that a line of text is given.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let table = match weight {
        Weight::Regular => &REGULAR,
        Weight::SemiBold => &SEMIBOLD,
    };
    let sum: u32 = text
        .chars()
        .map(|c| {
            let at = (c as usize).wrapping_sub(0x20);
            // What is not ASCII is taken to be as wide as an m, and CJK a full em.
            u32::from(table.get(at).copied().unwrap_or(if c as u32 >= 0x1100 { 1000 } else { 700 }))
        })
        .sum();
    f64::from(sum) / 1000.0 * size * MARGIN
}

/// The text, or as much of its beginning as fits with an ellipsis.
pub fn fit(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    for keep in (0..chars.len()).rev() {
        let start: String = chars[..keep].iter().collect();
        let cut = format!("{}…", start.trim_end());
        if width(&cut, size, weight) <= room {
            return cut;
        }
    }
    String::new()
}

/// Breaks text between words into at most `lines` lines; what is left over ends
/// the last one with an ellipsis.
pub fn wrap(text: &str, size: f64, weight: Weight, room: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let mut line = word.to_owned();
        let last = out.len() + 1 >= lines;
        while let Some(next) = words.peek() {
            let longer = format!("{line} {next}");
            if !last && width(&longer, size, weight) > room {
                break;
            }
            line = longer;
            words.next();
        }
        out.push(fit(&line, size, weight, room));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_with_an_ellipsis() {
        let room = width("Load bal…", 12.0, Weight::Regular);
        assert_eq!(fit("Load balancer", 12.0, Weight::Regular, room), "Load bal…");
        assert_eq!(fit("Load", 12.0, Weight::Regular, room), "Load");
    }

    #[test]
    fn lines_break_between_words() {
        let room = width("Sensitive data", 12.0, Weight::SemiBold);
        let lines = wrap("Sensitive data discovery", 12.0, Weight::SemiBold, room, 2);
        assert_eq!(lines, ["Sensitive data", "discovery"]);
    }
}
