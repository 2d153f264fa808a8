//! What PostgreSQL does with the statements when it knows nothing of the tables.
