use super::{MONTHS, figures, plot, svg, treemap};
use crate::engine::analysis::analyze;
use crate::engine::cost::whatif;
use crate::engine::diagram::forms::tests::analyses;
use crate::engine::diagram::scene::dollars;
use crate::engine::diagram::svg::Rect;
use crate::engine::diagram::theme::{Palette, contrast};
use crate::engine::diagram::{Style, Theme};
use crate::engine::graph::Tier;
use crate::engine::plan::Policy;
use crate::engine::requirements::{Cloud, Hints};

#[test]
fn charts_show_the_bill_and_no_other_figures() {
    for (name, analysis) in analyses() {
        for design in &analysis.options {
            let figures = figures(analysis, design);
            let sum: f64 = figures.by_component.iter().map(|it| it.monthly).sum();
            assert!((sum - design.cost.monthly).abs() < 1e-6, "{name}");
            for (series, option) in figures.series.iter().zip(&analysis.options) {
                let at = whatif::on_curve(&series.curve, 1.0);
                assert!((at - option.cost.monthly).abs() < 1e-6, "{name}");
                assert_eq!(series.months.len(), MONTHS as usize);
            }
            let drawn = svg(analysis, design, &Style::default());
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{name}");
            for it in &analysis.options {
                assert!(drawn.contains(&dollars(it.cost.monthly).replace('<', "&lt;")), "{name}");
            }
        }
    }
}

#[test]
fn growth_is_what_was_said_or_a_stated_assumption() {
    let of = |text: &str| {
        analyze(text, &Hints { cloud: Some(Cloud::Aws), ..Hints::default() }, &Policy::default())
    };
    let said = of("Online shop on AWS with Postgres, grows 50 % a year, budget $5k a month");
    let given = figures(&said, &said.options[1]);
    assert_eq!((given.growth, given.growth_is_said), (0.5, true));
    assert_eq!(given.budget, Some(5000.0));
    let (first, last) = (given.series[1].months[0], given.series[1].months[35]);
    assert!((last.load / first.load - 1.5_f64.powf(35.0 / 12.0)).abs() < 1e-6);
    assert!(svg(&said, &said.options[1], &Style::default()).contains("budget $5,000"));
    let silent = of("Online shop on AWS with Postgres");
    let assumed = figures(&silent, &silent.options[1]);
    assert_eq!((assumed.growth, assumed.growth_is_said), (0.2, false));
    assert!(assumed.growth_words().contains("assumed"));
}

#[test]
fn tiles_fill_their_room_and_have_the_areas_of_their_values() {
    let room = Rect::new(10.0, 20.0, 600.0, 300.0);
    for values in [vec![1.0], vec![6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], vec![1e6, 1.0, 0.001]] {
        let total: f64 = values.iter().sum();
        let tiles = treemap::tiles(&values, room);
        assert_eq!(tiles.len(), values.len());
        for (n, (tile, value)) in tiles.iter().zip(&values).enumerate() {
            let area = value / total * room.w * room.h;
            assert!((tile.w * tile.h - area).abs() < 1e-6 * room.w * room.h, "{tile:?}");
            assert!(room.grown(0.01).contains(tile), "{tile:?}");
            assert!(tiles[n + 1..].iter().all(|it| !it.overlaps(tile)), "{values:?}");
        }
    }
    assert!(treemap::tiles(&[], room).is_empty() && treemap::tiles(&[0.0], room).is_empty());
}

#[test]
fn lines_are_seen_on_their_ground_and_told_apart_without_colour() {
    for theme in [Theme::Light, Theme::Dark] {
        let palette = Palette::of(theme);
        let looks = Tier::ALL.map(|it| plot::look(palette, it));
        for (colour, _) in looks {
            assert!(contrast(colour, palette.card) >= 4.5, "{theme:?} {colour}");
        }
        assert!(looks[0].1 != looks[1].1 && looks[1].1 != looks[2].1 && looks[0].1 != looks[2].1);
    }
}

#[test]
fn steps_are_round() {
    for (top, wanted) in [(10.0, 2.0), (99.0, 20.0), (101.0, 50.0), (1234.0, 500.0), (0.5, 0.1)] {
        assert!((plot::step(top, 5.0) - wanted).abs() < 1e-9, "{top}: {}", plot::step(top, 5.0));
    }
}
