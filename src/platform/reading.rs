//! What many callers read at the same time, read at once.
//!
//! A transaction costs Postgres and us several times what finding a row does. So
//! callers of one organisation who see the same of it and want rows of the same
//! kind while others are being found are in the next transaction together. It
//! is confined like one of their own; whether they may is decided before, in
//! [`Ctx::read`](super::ctx::Ctx::read).

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::db::{Db, Tenant, Within};
use super::error::Result;
use super::together::{Kept, Together};

/// A row that is found by its id, many at a time.
pub trait Shared: Clone + Send + 'static {
    /// Those of the ids that there are, as far as the transaction sees them.
    fn find_all(
        tx: &mut Tenant<'_>,
        ids: &[Uuid],
    ) -> impl Future<Output = Result<Vec<(Uuid, Self)>>> + Send;
}

/// Where callers wait for what they read, a line for each kind of row.
#[derive(Clone)]
pub struct Readings {
    db: Db,
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
    pub fn new(db: Db) -> Self {
        Self { db, lines: Arc::default() }
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
            let db = self.db.clone();
            let line: Line<R> = Together::new(self.db.pool().clone(), move |kept, questions| {
                let db = db.clone();
                Box::pin(async move { Ok(answer(&db, kept, &questions).await) })
            });
            Box::new(line)
        });
        line.downcast_ref::<Line<R>>().expect("a line is kept by its kind").clone()
    }
}

/// One transaction for each part of an organisation that is asked about.
async fn answer<R: Shared>(db: &Db, kept: &mut Kept, questions: &[Question]) -> Vec<Answer<R>> {
    let mut asked: BTreeMap<_, BTreeSet<Uuid>> = BTreeMap::new();
    for it in questions {
        asked.entry(it.place).or_default().insert(it.id);
    }
    let mut found = BTreeMap::new();
    for (place, ids) in asked {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let rows = find_in::<R>(db, kept, place, &ids).await.map_err(|err| {
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
    db: &Db,
    kept: &mut Kept,
    place: (Uuid, Within),
    ids: &[Uuid],
) -> anyhow::Result<BTreeMap<Uuid, R>> {
    let mut tx = db.read_within(kept.connection().await?, place.0, place.1).await?;
    Ok(R::find_all(&mut tx, ids).await?.into_iter().collect())
}
