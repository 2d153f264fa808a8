//! A store on a database of its own.

use std::ops::Deref;

use parcours_tests::kit::{self, TestDb};
use sqlx::PgPool;
use store::{Settings, Store};

/// Something that lives on a database, and the database.
pub struct On<T> {
    it: T,
    _database: TestDb,
}

impl<T> Deref for On<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.it
    }
}

/// A store on an empty database of this schema.
pub async fn store() -> On<Store> {
    let settings = settings().await;
    let it = Store::connect(&settings).await.unwrap();
    On {
        it,
        _database: settings._database,
    }
}

/// Connections to an empty database of this schema.
pub async fn pool() -> On<PgPool> {
    let database = kit::database().await;
    On {
        it: PgPool::connect(&database.url).await.unwrap(),
        _database: database,
    }
}

/// How to reach an empty database of this schema.
pub async fn settings() -> On<Settings> {
    let database = kit::database().await;
    On {
        it: Settings {
            max_connections: 12,
            ..Settings::new(database.url.clone())
        },
        _database: database,
    }
}

/// How to reach a database without any schema.
pub async fn settings_of_nothing() -> On<Settings> {
    let settings = settings().await;
    let pool = PgPool::connect(&settings.url).await.unwrap();
    sqlx::raw_sql("drop schema public cascade; create schema public")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    settings
}
