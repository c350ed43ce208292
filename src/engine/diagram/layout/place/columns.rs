//! From left to right: how wide frames are and how far columns are apart; and the
//! measures that heights are found with.

use super::super::Axis;
use super::super::ranks::Kid;
use super::{Board, COLUMN, GAP, LANE, LANE_GAP, PAD, SIDE, TRACK, WORDS, snap, up};

impl Board<'_> {
    /// Left edges of all columns, and widths of all frames.
    pub fn columns_apart(&mut self) {
        let mut widths: Vec<f64> = vec![0.0; self.columns.len()];
        let mut offsets: Vec<Vec<f64>> = vec![Vec::new(); self.columns.len()];
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in &order {
            let mut x = 0.0;
            for (n, column) in self.columns[*holder].iter().enumerate() {
                if n > 0 {
                    x += self.gap(*holder, n - 1);
                }
                offsets[*holder].push(x);
                x += self.column_width(column, &widths);
            }
            widths[*holder] = match holder.checked_sub(1) {
                Some(frame) => (x + 2.0 * PAD).max(up(self.plan.frames[frame].label.0 + PAD)),
                None => x,
            };
            if let Some(frame) = holder.checked_sub(1) {
                widths[*holder] += self.lead(frame);
            }
        }
        // From the outside in, now that all widths are known.
        let mut start = vec![0.0; self.columns.len()];
        for holder in order.into_iter().rev() {
            let inner = match holder.checked_sub(1) {
                Some(frame) => start[holder] + PAD + self.lead(frame),
                None => 0.0,
            };
            for (n, column) in self.columns[holder].clone().iter().enumerate() {
                let width = self.column_width(column, &widths);
                for kid in column {
                    let own = match kid {
                        Kid::Item(it) if self.is_lane(*it) => width,
                        Kid::Item(it) => self.width[*it],
                        Kid::Frame(it) => widths[it + 1],
                    };
                    let x = inner + offsets[holder][n] + snap((width - own) / 2.0);
                    match kid {
                        Kid::Item(it) => {
                            self.left[*it] = x;
                            self.width[*it] = own;
                        }
                        Kid::Frame(it) => {
                            start[it + 1] = x;
                            self.extent[*it].x = x;
                            self.extent[*it].w = own;
                        }
                    }
                }
            }
        }
    }

    fn column_width(&self, column: &[Kid], widths: &[f64]) -> f64 {
        column
            .iter()
            .map(|kid| match kid {
                Kid::Item(it) if self.is_lane(*it) => 0.0,
                Kid::Item(it) => self.width[*it],
                Kid::Frame(it) => widths[it + 1],
            })
            .fold(0.0, f64::max)
    }

    /// Room between a column and the next, by what runs there.
    fn gap(&self, holder: usize, column: usize) -> f64 {
        let gap = self.first_gap[holder] + column;
        let tracks = self.tracks[gap] as f64;
        let words = self
            .plan
            .lines
            .iter()
            .zip(&self.chains)
            .filter(|(_, chain)| matches!(chain[..], [only] if self.links[only].gap == gap))
            .map(|(it, _)| it.label.0)
            .fold(0.0, f64::max);
        up((SIDE + tracks * TRACK + WORDS).max(COLUMN).max(SIDE + tracks * TRACK + words + WORDS))
    }

    /// Room for a frame's label, which is at its top, or at its left when the
    /// axes are exchanged.
    pub(super) fn head(&self, frame: usize) -> f64 {
        match self.axis {
            Axis::Right => up(self.plan.frames[frame].label.1 + 16.0),
            Axis::Down => PAD,
        }
    }

    pub(super) fn lead(&self, frame: usize) -> f64 {
        match self.axis {
            Axis::Right => 0.0,
            Axis::Down => up((self.plan.frames[frame].label.0 + 16.0 - PAD).max(0.0)),
        }
    }

    /// Top and bottom of something in a column.
    pub(super) fn span(&self, kid: Kid) -> (f64, f64) {
        match kid {
            Kid::Item(it) => (self.top[it], self.top[it] + self.height[it]),
            Kid::Frame(it) => (self.extent[it].y, self.extent[it].bottom()),
        }
    }

    pub(super) fn space(&self, above: Kid, below: Kid) -> f64 {
        let lane = |kid: Kid| matches!(kid, Kid::Item(it) if self.is_lane(it));
        match (lane(above), lane(below)) {
            (true, true) => LANE,
            (true, false) | (false, true) => LANE_GAP,
            _ => GAP,
        }
    }

    pub(super) fn shift(&mut self, kid: Kid, by: f64) {
        if by == 0.0 {
            return;
        }
        match kid {
            Kid::Item(it) => self.top[it] += by,
            Kid::Frame(frame) => {
                self.extent[frame].y += by;
                for kid in self.columns[frame + 1].concat() {
                    self.shift(kid, by);
                }
            }
        }
    }

    /// Takes the extents of a frame from its content.
    pub(super) fn wrap(&mut self, frame: usize) {
        let (mut top, mut bottom) = (f64::MAX, f64::MIN);
        for kid in self.columns[frame + 1].iter().flatten() {
            let (a, b) = self.span(*kid);
            top = top.min(a);
            bottom = bottom.max(b);
        }
        if top > bottom {
            (top, bottom) = (self.extent[frame].y, self.extent[frame].y);
        }
        let low = match self.axis {
            Axis::Right => 0.0,
            Axis::Down => up(self.plan.frames[frame].label.1 + PAD),
        };
        self.extent[frame].y = top - self.head(frame);
        self.extent[frame].h = (bottom - top + self.head(frame) + PAD).max(low);
    }
}
