//! Finished calls for the doors, from the database.

use futures_util::future::BoxFuture;

use crate::{
    base::{clock::Stamp, id::CallId},
    http::{History, Lost},
    live::record::{
        CallRecord,
        store::{CallStore, Filter},
    },
};

/// The database's calls in the words of the doors.
pub(super) struct Stored(CallStore);

impl Stored {
    pub(super) fn new(store: CallStore) -> Self {
        Self(store)
    }
}

impl History for Stored {
    fn recent(&self, limit: u32, before: Option<Stamp>) -> BoxFuture<'_, Result<Vec<CallRecord>, Lost>> {
        let filter = Filter { before, ..Filter::default() };
        Box::pin(async move { self.0.calls(&filter, limit).await.map_err(|why| Lost(why.to_string())) })
    }

    fn call(&self, id: CallId) -> BoxFuture<'_, Result<Option<CallRecord>, Lost>> {
        Box::pin(async move { self.0.call(id).await.map_err(|why| Lost(why.to_string())) })
    }
}
