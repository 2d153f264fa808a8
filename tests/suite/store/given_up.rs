//! Whoever asked may give up at any moment: a browser goes elsewhere, a process stops.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use sqlx::Row as _;
use store::{Settings, Store};

use crate::fixture;

/// What comes of it, unless it has to be waited for so often.
async fn given_up<F: Future>(asked: F, after: u32) -> Option<F::Output> {
    let mut asked = pin!(asked);
    let mut waited = 0;
    poll_fn(|context| match asked.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => {
            waited += 1;
            match waited < after {
                true => Poll::Pending,
                false => Poll::Ready(None),
            }
        }
    })
    .await
}

/// Statements of the next one would be part of it, and never committed.
#[tokio::test]
async fn a_transaction_that_is_given_up_leaves_no_connection_in_it() {
    let settings = fixture::settings().await;
    let one = Settings {
        max_connections: 1,
        ..Settings::new(settings.url.clone())
    };
    let store = Store::connect(&one).await.unwrap();
    for after in 1.. {
        let folded = given_up(store.fold_messages(1), after).await;
        let alone = sqlx::raw_sql("select now() = statement_timestamp()")
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert!(
            alone.get::<bool, _>(0),
            "given up when it was waited for {after} times"
        );
        if folded.is_some() {
            assert!(after > 3, "it was given up at several places");
            break;
        }
    }
}
