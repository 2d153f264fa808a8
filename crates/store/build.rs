//! Builds anew when a migration is added, which `sqlx::migrate!` cannot notice by itself.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
