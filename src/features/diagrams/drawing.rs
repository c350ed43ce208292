//! Draws options for whoever shows them: off the threads that answer requests,
//! and once for as long as there is room to keep the picture.

use std::sync::Arc;

use crate::engine::analysis::{Analysis, Design};
use crate::engine::diagram::{self, Form, Kind, Style};
use crate::engine::graph::Tier;
use crate::features::analyses::Replay;
use crate::platform::error::{Error, Result};
use crate::platform::raster;
use crate::platform::state::AppState;
use crate::platform::work;

/// Pixels of an image for each of the drawing.
const SCALE: f32 = 2.0;

/// What to draw, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    pub tier: Tier,
    pub kind: Kind,
    pub form: Form,
    pub style: Style,
}

impl Wish {
    /// Tells it from every other wish for the same session; none for numbers that
    /// no session has.
    fn key(&self, number: i32, before: Option<i32>) -> Option<i64> {
        let counted = |it: i32| (0..1 << 24).contains(&it).then_some(i64::from(it));
        let Self { tier, kind, form, style } = self;
        let parts = [
            (*tier as i64, 4),
            (*kind as i64, 8),
            (*form as i64, 8),
            (style.theme as i64, 2),
            (style.direction as i64, 2),
            (style.overlay as i64, 4),
        ];
        let look = parts.into_iter().fold(0, |sum, (value, most)| sum * most + value);
        let numbers = (counted(number)? << 25) + counted(before.unwrap_or(-1) + 1)?;
        Some((numbers << 12) + look)
    }
}

/// Draws an option of an analysis or, when there is one before it, what became of
/// the option since.
pub async fn draw(
    state: &AppState,
    made: &Replay,
    before: Option<&Replay>,
    wish: Wish,
) -> Result<Arc<Vec<u8>>> {
    if before.is_some() && wish.kind != Kind::Architecture {
        let message = "only an architecture can be drawn against another analysis";
        return Err(Error::invalid("against", message));
    }
    let (session, number) = made.at();
    let key = wish.key(number, before.map(|it| it.at().1));
    if let Some(drawn) = key.and_then(|key| state.cache.get("picture", session, key)) {
        return Ok(drawn);
    }
    let made = made.make(state).await?;
    let before = match before {
        Some(it) => Some(it.make(state).await?),
        None => None,
    };
    let drawn = work::run(move || draw_now(&made, before.as_deref(), &wish)).await??;
    let drawn = Arc::new(drawn);
    if let Some(key) = key {
        state.cache.put("picture", session, key, &drawn, drawn.len());
    }
    Ok(drawn)
}

fn draw_now(made: &Analysis, before: Option<&Analysis>, wish: &Wish) -> Result<Vec<u8>> {
    let Wish { tier, kind, form, style } = wish;
    let design = option(made, *tier)?;
    let drawn = match before {
        None => diagram::render(made, design, *kind, *form, style),
        Some(it) => diagram::render_difference(option(it, *tier)?, design, *kind, *form, style),
    };
    let drawn = drawn.map_err(|err| Error::invalid("diagram", err.to_string()))?;
    Ok(match form {
        Form::Png => raster::png(&String::from_utf8_lossy(&drawn), SCALE)?,
        Form::Pdf => raster::pdf(&String::from_utf8_lossy(&drawn), &design.title)?,
        _ => drawn,
    })
}

fn option(made: &Analysis, tier: Tier) -> Result<&Design> {
    let found = made.options.iter().find(|it| it.graph.tier == tier);
    found.ok_or(Error::NotFound("option"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diagram::{Direction, Overlay, Theme};
    use std::collections::BTreeSet;

    #[test]
    fn every_wish_has_a_place_of_its_own() {
        let mut keys = BTreeSet::new();
        let mut wishes = 0;
        for (number, before) in [(1, None), (1, Some(1)), (2, None), (2, Some(1)), (1, Some(2))] {
            for tier in Tier::ALL {
                for kind in Kind::ALL {
                    for form in Form::ALL {
                        for (theme, direction, overlay) in [
                            (Theme::Light, Direction::Right, Overlay::None),
                            (Theme::Dark, Direction::Right, Overlay::None),
                            (Theme::Light, Direction::Down, Overlay::None),
                            (Theme::Light, Direction::Right, Overlay::Findings),
                        ] {
                            let style = Style { theme, direction, overlay, ..Style::default() };
                            let wish = Wish { tier, kind, form, style };
                            keys.extend(wish.key(number, before));
                            wishes += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(keys.len(), wishes);
    }
}
