//! Colours, for light and for dark ground.
//!
//! Every pair of ink and ground that is used together keeps a contrast of 4.5;
//! a test holds all of them to it.

use super::Theme;
use super::icons::Family;
use super::scene::{Change, GroupKind, Tone};

/// The colours of one theme, as `#rrggbb`.
pub struct Palette {
    pub canvas: &'static str,
    pub card: &'static str,
    pub card_line: &'static str,
    pub ink: &'static str,
    pub ink_soft: &'static str,
    /// Lines between nodes.
    pub edge: &'static str,
    pub edge_label: &'static str,
    /// What is drawn on a family's colour.
    pub on_family: &'static str,
    pub accent: &'static str,
    pub grid: &'static str,
    theme: Theme,
}

static LIGHT: Palette = Palette {
    canvas: "#ffffff",
    card: "#ffffff",
    card_line: "#d3dad8",
    ink: "#14201f",
    ink_soft: "#566360",
    edge: "#6b7876",
    edge_label: "#4a5754",
    on_family: "#ffffff",
    accent: "#0b6b73",
    grid: "#e2e7e5",
    theme: Theme::Light,
};

static DARK: Palette = Palette {
    canvas: "#0f1514",
    card: "#1a2221",
    card_line: "#3a4542",
    ink: "#e7ecea",
    ink_soft: "#a5b1ae",
    edge: "#8b9996",
    edge_label: "#b3bebb",
    on_family: "#10100f",
    accent: "#63cbd0",
    grid: "#252e2c",
    theme: Theme::Dark,
};

/// How a frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub fill: &'static str,
    pub line: &'static str,
    pub label: &'static str,
    pub dashed: bool,
}

/// Ink and ground of a badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    pub fill: &'static str,
    pub ink: &'static str,
}

impl Palette {
    pub fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// The provider's colour of a family of services, deep enough to carry a glyph.
    pub fn family(&self, family: Family) -> &'static str {
        let (light, dark) = match family {
            Family::Compute => ("#bf5600", "#f5a353"),
            Family::Storage => ("#4c7a12", "#9cc653"),
            Family::Database => ("#a624b5", "#e08bea"),
            Family::Network => ("#7440e0", "#b79cff"),
            Family::Security => ("#c42b41", "#f58a98"),
            Family::Integration => ("#cc1769", "#f782b1"),
            Family::Analytics => ("#5b4fd0", "#a9a3f7"),
            Family::Intelligence => ("#01796a", "#4fcdb9"),
            Family::Operations => ("#a51d6d", "#ee84bd"),
            Family::Delivery => ("#2f62c4", "#8db4f7"),
            Family::Devices => ("#3f7d1c", "#93cc62"),
            Family::People => ("#43504e", "#b3bebb"),
        };
        self.pick(light, dark)
    }

    pub fn frame(&self, kind: GroupKind) -> Frame {
        let frame = |fill, line, label, dashed| Frame { fill, line, label, dashed };
        match (kind, self.theme) {
            (GroupKind::Cloud, Theme::Light) => frame("#fafbfb", "#c4cdca", "#26312f", false),
            (GroupKind::Cloud, Theme::Dark) => frame("#131a19", "#3a4542", "#e7ecea", false),
            (GroupKind::Region, Theme::Light) => frame("#f4f8f9", "#a3c3c9", "#1c5f6d", true),
            (GroupKind::Region, Theme::Dark) => frame("#141e20", "#33555c", "#7fc4d1", true),
            (GroupKind::Network, Theme::Light) => frame("#f6f3fd", "#bda6ee", "#5b33b5", false),
            (GroupKind::Network, Theme::Dark) => frame("#1a1728", "#56459a", "#bba4fb", false),
            (GroupKind::Zone, Theme::Light) => frame("#ffffff", "#b4bfd4", "#3d5078", true),
            (GroupKind::Zone, Theme::Dark) => frame("#171c26", "#435273", "#a6b9e0", true),
            (GroupKind::PublicSubnets, Theme::Light) => {
                frame("#edf6ea", "#b5d6a8", "#376821", false)
            }
            (GroupKind::PublicSubnets, Theme::Dark) => {
                frame("#18241a", "#3d5f3a", "#98cf84", false)
            }
            (GroupKind::PrivateSubnets, Theme::Light) => {
                frame("#e9f2f8", "#a9cbe2", "#1f5f8b", false)
            }
            (GroupKind::PrivateSubnets, Theme::Dark) => {
                frame("#152130", "#33567a", "#8cc0ea", false)
            }
            (GroupKind::DataSubnets, Theme::Light) => frame("#f6eef7", "#dcb9e0", "#86308f", false),
            (GroupKind::DataSubnets, Theme::Dark) => frame("#231829", "#664070", "#dc9be6", false),
            (GroupKind::Shelf, Theme::Light) => frame("#f3f5f4", "#d3dad8", "#43504e", false),
            (GroupKind::Shelf, Theme::Dark) => frame("#171e1d", "#323c3a", "#b3bebb", false),
        }
    }

    pub fn chip(&self, tone: Tone) -> Chip {
        let chip = |fill, ink| Chip { fill, ink };
        match (tone, self.theme) {
            (Tone::Plain, Theme::Light) => chip("#e9edec", "#33403e"),
            (Tone::Plain, Theme::Dark) => chip("#2b3533", "#d5dcda"),
            (Tone::Good, Theme::Light) => chip("#e3f4ea", "#17653a"),
            (Tone::Good, Theme::Dark) => chip("#132d1e", "#74d19a"),
            (Tone::Warning, Theme::Light) => chip("#fbf1da", "#7a4f00"),
            (Tone::Warning, Theme::Dark) => chip("#2d2413", "#e8bb66"),
            (Tone::Danger, Theme::Light) => chip("#fcebe9", "#a8241b"),
            (Tone::Danger, Theme::Dark) => chip("#331a19", "#f49a92"),
        }
    }

    /// Line colour of a part that changed; none for what stayed.
    pub fn change(&self, change: Change) -> Option<&'static str> {
        Some(match change {
            Change::Same => return None,
            Change::Added => self.pick("#17753f", "#74d19a"),
            Change::Removed => self.pick("#b8291f", "#f49a92"),
            Change::Changed => self.pick("#8a5a00", "#e8bb66"),
        })
    }

    fn pick(&self, light: &'static str, dark: &'static str) -> &'static str {
        match self.theme {
            Theme::Light => light,
            Theme::Dark => dark,
        }
    }
}

/// Contrast ratio of two colours, from 1 to 21.
pub fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let byte = colour.get(at..at + 2).and_then(|it| u8::from_str_radix(it, 16).ok());
        let share = f64::from(byte.unwrap_or(0)) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_is_readable_on_its_ground() {
        use GroupKind::*;
        let mut weak = Vec::new();
        for theme in [Theme::Light, Theme::Dark] {
            let it = Palette::of(theme);
            let mut pairs = vec![
                (it.ink, it.canvas),
                (it.ink_soft, it.canvas),
                (it.ink, it.card),
                (it.ink_soft, it.card),
                (it.accent, it.canvas),
            ];
            pairs.extend(Family::ALL.iter().map(|family| (it.on_family, it.family(*family))));
            for tone in [Tone::Plain, Tone::Good, Tone::Warning, Tone::Danger] {
                pairs.push((it.chip(tone).ink, it.chip(tone).fill));
            }
            for change in [Change::Added, Change::Removed, Change::Changed] {
                pairs.extend(it.change(change).map(|colour| (colour, it.card)));
            }
            for kind in
                [Cloud, Region, Network, Zone, PublicSubnets, PrivateSubnets, DataSubnets, Shelf]
            {
                let frame = it.frame(kind);
                pairs.push((frame.label, frame.fill));
                pairs.push((it.ink_soft, frame.fill));
                pairs.push((it.edge_label, frame.fill));
            }
            weak.extend(
                pairs
                    .into_iter()
                    .filter(|(ink, ground)| contrast(ink, ground) < 4.5)
                    .map(|(ink, ground)| (theme, ink, ground, contrast(ink, ground))),
            );
        }
        assert!(weak.is_empty(), "{weak:?}");
    }
}
