//! `parcours users` and `parcours keys`: how there comes to be a first admin.

use parcours_tests::kit;
use store::access::AuditFilter;

use super::{EMAIL, PASSWORD, site};
use crate::process::binary::Workspace;

#[tokio::test]
async fn the_first_admin_is_made_at_the_command_line() {
    let database = kit::database().await;
    let workspace = Workspace::of_samples();
    let parcours = |args: &[&str]| workspace.parcours(args).env("DATABASE_URL", &database.url);
    let none = parcours(&["users", "list"]).output().expect(0);
    assert!(none.out().contains("open to whoever"), "{}", none.out());
    let made = parcours(&["users", "add", EMAIL, "--role", "admin"])
        .output()
        .expect(0);
    let link = made.out();
    let (_, token) = link
        .trim()
        .split_once("http://127.0.0.1:8080/welcome/")
        .expect("a link");
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let access = store::access::Access::new(pool);
    let hash = api::access::hash_of(token);
    let invited = access.invited(&hash, jiff::Timestamp::now()).await.unwrap();
    assert_eq!(invited.unwrap().email, EMAIL);
    parcours(&["users", "add", EMAIL, "--role", "admin"])
        .output()
        .expect(1);
    parcours(&["users", "add", "leo@shop.example", "--role", "boss"])
        .output()
        .expect(2);
    let add = [
        "users",
        "add",
        "leo@shop.example",
        "--role",
        "support",
        "--password-stdin",
    ];
    let weak = parcours(&add).fed("password1234\n").expect(2);
    assert!(weak.err().contains("easily guessed"), "{}", weak.err());
    parcours(&add).fed(&format!("{PASSWORD}\n")).expect(0);
    let listed = parcours(&["users", "list", "--format", "json"])
        .output()
        .expect(0)
        .json();
    assert_eq!(
        listed.as_array().unwrap().len(),
        2,
        "a password that will not do makes nobody"
    );
    assert_eq!(listed[1]["has_password"], true);
    parcours(&["users", "disable", "leo@shop.example"])
        .output()
        .expect(0);
    parcours(&["users", "disable", "zoe@shop.example"])
        .output()
        .expect(1);
    let key = parcours(&["keys", "add", "the shop", "--scope", "events:write"])
        .output()
        .expect(0);
    let key = key.out();
    assert!(key.starts_with("pk_") && key.trim().len() == 46, "{key}");
    let listed = parcours(&["keys", "list"]).output().expect(0).out();
    assert!(listed.contains("events:write") && !listed.contains(key.trim()));
    let log = access.audit(&AuditFilter::default()).await.unwrap();
    let told: Vec<&str> = log.iter().rev().map(|e| &*e.action).collect();
    assert_eq!(
        told,
        ["users add", "users add", "users disable", "keys add"]
    );
}

#[tokio::test]
async fn an_address_is_one_in_whatever_case() {
    let site = site().await;
    site.user(EMAIL, &["admin"]).await;
    let roles = ["support".to_owned()];
    let twice = site
        .access
        .add_user("INES@SHOP.example", "", &roles, super::now())
        .await;
    assert_eq!(twice.unwrap(), None);
}
