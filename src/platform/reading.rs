//! What many callers read at the same time, read at once.
//!
//! A transaction costs Postgres and us several times what finding a row does. So
//! callers of one organisation who see the same of it and want rows of the same
//! kind while others are being found are in the next statement together, in a
//! transaction that may be open already. It is confined like one of their own;
//! whether they may is decided before, in [`Ctx::read`](super::ctx::Ctx::read).

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::db::Within;
use super::error::Result;
use super::together::{Kept, Together};

/// A row that is found by its id, many at a time.
pub trait Shared: for<'r> FromRow<'r, PgRow> + Clone + Send + Unpin + 'static {
    /// Selects those that there are of the ids `$1`.
    const SELECT: &'static str;

    fn id(&self) -> Uuid;
}

/// Where callers wait for what they read, a line for each kind of row.
#[derive(Clone)]
pub struct Readings {
    pool: PgPool,
    lines: Arc<Mutex<HashMap<TypeId, Box<dyn Any + Send>>>>,
}

/// Who asks, as far as it matters, and for what.
#[derive(Clone, Copy, Debug)]
struct Question {
    place: (Uuid, Within),
    id: Uuid,
}

/// An error is that of one part of an organisation, and nobody else's.
type Answer<R> = std::result::Result<Option<R>, String>;

type Line<R> = Together<Question, Answer<R>>;

impl Readings {
    pub fn new(pool: PgPool) -> Self {
        Self { pool, lines: Arc::default() }
    }

    /// The row, if it is there for whoever sees this much of the organisation.
    pub(super) async fn find<R: Shared>(
        &self,
        org_id: Uuid,
        within: Within,
        id: Uuid,
    ) -> Result<Option<R>> {
        let found = self.line::<R>().ask(Question { place: (org_id, within), id }).await?;
        Ok(found.map_err(anyhow::Error::msg)?)
    }

    fn line<R: Shared>(&self) -> Line<R> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(TypeId::of::<R>()).or_insert_with(|| {
            let line: Line<R> = Together::new(self.pool.clone(), |kept, questions| {
                Box::pin(async move { Ok(answer(kept, &questions).await) })
            });
            Box::new(line)
        });
        line.downcast_ref::<Line<R>>().expect("a line is kept by its kind").clone()
    }
}

/// One statement for each part of an organisation that is asked about.
async fn answer<R: Shared>(kept: &mut Kept, questions: &[Question]) -> Vec<Answer<R>> {
    let mut asked: BTreeMap<_, BTreeSet<Uuid>> = BTreeMap::new();
    for it in questions {
        asked.entry(it.place).or_default().insert(it.id);
    }
    let mut found = BTreeMap::new();
    for (place, ids) in asked {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let rows = find_in::<R>(kept, place, &ids).await.map_err(|err| {
            kept.give_up();
            format!("{err:#}")
        });
        found.insert(place, rows);
    }
    let answer = |it: &Question| match &found[&it.place] {
        Ok(rows) => Ok(rows.get(&it.id).cloned()),
        Err(why) => Err(why.clone()),
    };
    questions.iter().map(answer).collect()
}

async fn find_in<R: Shared>(
    kept: &mut Kept,
    place: (Uuid, Within),
    ids: &[Uuid],
) -> anyhow::Result<BTreeMap<Uuid, R>> {
    let connection = kept.reading_within(place).await?;
    let rows: Vec<R> = sqlx::query_as(R::SELECT).bind(ids).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|it| (it.id(), it)).collect())
}
