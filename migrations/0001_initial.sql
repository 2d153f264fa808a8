-- Parcours: the first schema.
--
-- Every table of a customer leads its key with the customer, so that the schema can be
-- hash-distributed by customer without change. Ids of customers, runs, inputs and messages are
-- the first 16 bytes of a SHA-256 (crates/journey/src/ids.rs), so a repeated turn writes the same
-- rows. Inputs, traces, states and decisions are MessagePack in bytea (crates/store/src/packed.rs): never searched
-- in SQL, and a fraction of the cost of jsonb on hot rows; any tool for MessagePack reads them by hand.
-- Columns are ordered by width (16, 8, 4, 2, 1, variable), so that no row carries padding.

-- One row per customer. Locked (FOR NO KEY UPDATE, in order of id) by every turn that touches them.
create table customer (
    id uuid primary key,
    merged_into uuid,                         -- who they turned out to be (in the ledger); null: themselves
    seen_at timestamptz not null,             -- the clock of the input that created the row
    due_at timestamptz,                       -- the next moment of a date entry (in the ledger); null: none
    key text not null check (octet_length(key) between 1 and 256),
    traits jsonb not null default '{}',
    -- Where the customer can be reached, as whoever answers or asks for them gives it. Columns of their own, so that
    -- a change of any other trait moves no index; cut, so that no trait is too long for one.
    email text generated always as (left(lower(btrim(traits->>'email')), 320)) stored,
    phone text generated always as (left(translate(traits->>'phone', ' .-()/', ''), 40)) stored,
    chat_id text generated always as (left(traits->>'chat_id', 200)) stored,
    -- What else support searches by, as store::search makes it of the traits: in SQL it cost as much as all of the row.
    name text,                                -- its words without accents and case, one space between two; null: none
    devices tsvector,                         -- the first characters of each push token, as words; null: none
    ledger bytea not null default '{}'        -- consents, suppressions, last entries (journey::customer::Ledger)
) with (fillfactor = 80);

-- Timers read it beside run_due; most customers have no row in it.
create index customer_due on customer (due_at) where due_at is not null;

-- Read by support's search and by whatever providers tell of an address; a customer without one has no row in it.
-- By beginnings as well, whatever the database's collation (text_pattern_ops).
create index customer_email on customer (email text_pattern_ops) where email is not null;
create index customer_phone on customer (phone) where phone is not null;
create index customer_chat on customer (chat_id) where chat_id is not null;

-- Who was merged into a customer: read where all that is held on a person is exported or erased, and by support.
create index customer_merged on customer (merged_into) where merged_into is not null;

-- Read by support's search alone. Written when a customer is created, or what they index changes: a change of any other
-- trait moves none of them.
create index customer_key on customer (key text_pattern_ops);
create index customer_device on customer using gin (devices) with (fastupdate = off) where devices is not null;

-- A name is found by the beginning of whichever of its first four words: each index begins with another. Those of the third
-- and fourth word are next to empty.
create function rotated(name text) returns text language sql immutable strict parallel safe return
    substr(name, strpos(name, ' ') + 1) || ' ' || split_part(name, ' ', 1);

create index customer_name on customer (name text_pattern_ops) where name is not null;
create index customer_name_2 on customer (rotated(name) text_pattern_ops) where split_part(name, ' ', 2) <> '';
create index customer_name_3 on customer (rotated(rotated(name)) text_pattern_ops) where split_part(name, ' ', 3) <> '';
create index customer_name_4 on customer (rotated(rotated(rotated(name))) text_pattern_ops) where split_part(name, ' ', 4) <> '';

-- Every input that was decided, in the order in which it was: the timeline, the de-duplication and
-- the source of replay.
create table input (
    customer uuid not null,
    id uuid not null,
    seq bigint generated always as identity,  -- the recorded order
    at timestamptz not null,                  -- the input's own clock (`now`)
    kind smallint not null check (kind between 0 and 7), -- 0 event, 1 timer, 2 receipt, 3 date, 4 sweep, 5 answer, 6 passage, 7 take_over
    name text not null,                       -- of the event; else the kind
    body bytea,                               -- the event as it was accepted, without its name, or the receipt
    trace bytea,                              -- what was decided and why (journey::trace::Line); null: nobody listened
    primary key (customer, id)
);

-- Machines that are or were published, by content. Never changed, never deleted while a run is on one.
create table machine (
    id uuid primary key,
    published_at timestamptz not null,
    version integer not null,                 -- counts the journey's machines from 1
    journey text not null,
    content bytea not null,                   -- journey::machine::Machine
    source text not null,                     -- the YAML it was compiled from
    title text,                               -- of content, so that a list need not read it; null: the name
    unique (journey, version)
);

-- The sources of the workspace at each apply: journeys, templates and config, whole.
create table workspace (
    revision bigint generated always as identity primary key,
    applied_at timestamptz not null,
    digest uuid not null,                     -- of the files and the machines
    machines uuid[] not null,                 -- those that new runs enter: an old one again after a step back
    files jsonb not null                      -- path to text
);

-- Runs inside their journey, or out of it with a goal still open.
create table run (
    customer uuid not null,
    id uuid not null,
    machine uuid not null,
    entered_at timestamptz not null,
    due_at timestamptz,                       -- the next timer; null: only an event moves it
    left_at timestamptz,                      -- set: only watches for its goal
    goal_at timestamptz,
    revision integer not null,
    node integer not null,                    -- -1: behind the last step
    journey text not null,
    key text not null,
    reason text check ((reason is null) = (left_at is null)),
    state bytea not null,                     -- journey::customer::RunState
    primary key (customer, id)
) with (fillfactor = 80);

-- The only index that timers read.
create index run_due on run (due_at) where due_at is not null;

-- Runs that are over. Written once.
create table run_ended (
    customer uuid not null,
    id uuid not null,
    machine uuid not null,
    entered_at timestamptz not null,
    left_at timestamptz not null,
    goal_at timestamptz,
    journey text not null,
    key text not null,
    reason text not null,
    state bytea not null,
    primary key (customer, id)
);

create type message_status as enum (
    'queued',      -- decided to go; dispatch takes it at due_at
    'leased',      -- with a dispatcher until due_at, then free again
    'sent',        -- accepted by the provider
    'failed',      -- refused for good, or out of tries; its cap was given back
    'suppressed',  -- decided not to go, or stopped at dispatch; reason says why
    'recalled'     -- its run left before it was handed over; its cap was given back
);

-- Every decision about a send. A row that is queued, leased or sent is also the reservation that
-- frequency caps count. The key serves both the turn (recent sends of a customer) and dispatch.
create table message (
    customer uuid not null,
    at timestamptz not null,                  -- when it was decided
    id uuid not null,
    run uuid not null,
    due_at timestamptz,                       -- when dispatch may take it; null: nothing left to do
    done_at timestamptz,                      -- when it reached its final status
    attempt smallint not null default 0,      -- the fence: only the holder of this attempt may record
    heard smallint not null default 0,        -- what was told of it later, bit by bit (store::counts::Heard)
    status message_status not null,
    channel text not null,
    purpose text not null,
    journey text not null,
    step text not null,
    reason text,                              -- journey::message::Reason, when suppressed, failed or recalled
    provider text,                            -- which provider took it, may have it (nobody else is asked), or refused it for good
    provider_id text,                         -- what the provider calls it
    error text,                               -- the last failed attempt's error, without personal data
    traceparent text,                         -- W3C trace context of the turn that decided it; null: no trace
    decision bytea not null,                  -- journey::message::Decision
    primary key (customer, at, id),
    check ((due_at is not null) = (status in ('queued', 'leased'))),
    check ((reason is not null) = (status in ('failed', 'suppressed', 'recalled')))
) with (fillfactor = 80);

-- The outbox: the only index that dispatch reads. Each channel has its own stretch of it: what waits for
-- one channel's provider is not gone over to find what another's can take.
create index message_due on message (channel, due_at) where due_at is not null;

-- What messages said, as they were handed over, for whoever is asked what a customer was sent. Written by the
-- statement that records the send, where `retention` in config/policies.yaml says for how long.
create table message_content (
    customer uuid not null,
    message uuid not null,
    at timestamptz not null,                  -- when it was handed over
    body bytea not null,                      -- journey::content::Content, without the bytes of files
    primary key (customer, message)
);

-- The newest decisions of everybody, for people who look: the one index that nothing on the hot path reads
-- (docs/performance.md has what it costs).
create index message_at on message (at);

-- How many messages came to what, by the day (UTC) on which they were decided. Every transaction that decides, settles or
-- hears of messages adds rows here; they are folded into message_total every minute, so that nobody waits for a row that
-- others count in. Both together are the count.
create table message_count (
    n bigint not null,
    day date not null,
    journey text not null,
    step text not null,
    channel text not null,
    provider text not null,                   -- '': none, or none yet
    outcome text not null,                    -- store::counts::Outcome
    reason text not null                      -- '': none
);

create table message_total (
    n bigint not null,
    day date not null,
    journey text not null,
    step text not null,
    channel text not null,
    provider text not null,
    outcome text not null,
    reason text not null,
    primary key (day, journey, step, channel, provider, outcome, reason)
) with (fillfactor = 80);

-- What customers said of their consents, word for word: the proof. Rows are never changed; what holds
-- now stands in the customer's ledger.
create table consent (
    customer uuid not null,
    at timestamptz not null,
    input uuid not null,                      -- the input that brought it
    purpose text not null,
    channel text not null,
    state text not null check (state in ('granted', 'unconfirmed', 'withdrawn')),
    how text,                                 -- form, import, keyword, one_click, preferences, ...
    text text,                                -- what the customer saw, or wrote
    version text,                             -- of that text
    proof bytea,                              -- JSON of the producer's
    primary key (customer, at, input, purpose, channel)
);

create function consent_stays() returns trigger language plpgsql as $$
begin
    raise exception 'a consent record is never changed';
end $$;

create trigger consent_stays before update on consent
    for each statement execute function consent_stays();

-- Secrets that this installation made for itself: what links to customers are signed with.
create table secret (
    name text primary key,
    made_at timestamptz not null,
    value bytea not null check (octet_length(value) >= 32)
);

-- Versions -------------------------------------------------------------------------------------

-- What an apply has in store for runs in flight on older machines: written in the transaction that
-- publishes, carried out by engines customer by customer, in bounded batches. And that a journey is
-- paused or goes on. A row stays when it is done, for runs that an engine entered before it heard of it.
create table passage (
    id bigint generated always as identity primary key,
    cursor uuid not null default '00000000-0000-0000-0000-000000000000', -- customers up to here are done
    target uuid,                              -- the machine to pass to; null: out of a removed journey, or to none
    at timestamptz not null,                  -- of the apply, or since when the journey is paused or goes on
    first_at timestamptz,                     -- when an engine first took it up
    pass_at timestamptz,                      -- when the round through all customers began
    leased_until timestamptz,                 -- an engine is at it
    done_at timestamptz,
    revision bigint not null references workspace,
    pass_runs bigint not null default 0,      -- runs that have passed in this round
    runs bigint not null default 0,           -- runs that have passed in all
    version integer,                          -- of target
    journey text not null,
    in_flight text not null check (in_flight in ('move', 'exit', 'stop', 'pause', 'resume')),
    lost text not null check (lost in ('finish', 'exit')),
    sources uuid[] not null,                  -- machines whose runs pass; one that is current again is taken out
    check ((target is null) = (in_flight in ('stop', 'pause', 'resume'))),
    check ((target is null) = (version is null))
);

-- What engines look at between applies: nothing, as a rule.
create index passage_open on passage (id) where done_at is null;

-- The last word on whether a journey is paused.
create index passage_pause on passage (journey, id) where in_flight in ('pause', 'resume');

-- What journeys are counted by -----------------------------------------------------------------

-- How many runs entered, came to each step, took each of its ways, reached the goal, left (journey::counts). By the
-- day (UTC) on which the run entered, but for what ends in `_on`: by the day on which it happened. Names no customer, and
-- stays when customers go.
create table journey_day (
    machine uuid not null,
    n bigint not null,                        -- below 0 only where runs moved on that entered before there were counts
    day date not null,
    journey text not null,
    what text not null,                       -- journey::counts::What
    step text not null,                       -- its id; empty: about the whole run
    way text not null,                        -- the way, arm or reason; may be empty
    primary key (journey, machine, day, what, step, way)
) with (fillfactor = 80);

-- What turns have counted and nobody has added up yet: a row for each version and day of a batch, written with it, so
-- that no two turns wait for the same number. An engine adds it to journey_day, and whoever reads adds both.
create table journey_counted (
    id bigint generated always as identity primary key,
    machine uuid not null,
    day date not null,
    journey text not null,
    counts jsonb not null                     -- [what, step, way, n], ...
);

-- Entries that concern many customers at once ----------------------------------------------------

-- A tick of a schedule, those who belong to a segment when a journey is published, or dates that were
-- there before it. Worked off page by page, in order of customer; what a customer's part in it does is an
-- input of its own, whose id derives from this key, so that a page that is looked at twice does nothing new.
create table sweep (
    cursor uuid not null default '00000000-0000-0000-0000-000000000000', -- customers up to here are done
    at timestamptz not null,                  -- the tick, or when the machine was published
    seen_until timestamptz not null,          -- who was first seen later has no part in it
    due_at timestamptz,                       -- when an engine may take it up; null: done
    done_at timestamptz,
    entry smallint not null check (entry >= 0), -- the place of the entry in its journey
    journey text not null,
    kind text not null check (kind in ('tick', 'backfill', 'dates')),
    primary key (journey, entry, kind, at),
    check ((due_at is null) = (done_at is not null))
);

-- What engines look at for sweeps: nothing, as a rule.
create index sweep_due on sweep (due_at) where due_at is not null;

-- Calls ------------------------------------------------------------------------------------------

create type call_status as enum (
    'queued',      -- decided; an engine makes it at due_at
    'leased',      -- with an engine until due_at, then free again
    'open',        -- in the inbox of the console, for people to answer
    'answered',    -- the endpoint, or a person, has answered
    'failed',      -- refused for good, or out of tries
    'cancelled'    -- nobody waits for it any more, and it need not be made
);

-- Calls of endpoints that journeys decided. Their answers come back as inputs of their customer.
create table call (
    customer uuid not null,
    id uuid not null,
    run uuid not null,
    at timestamptz not null,                  -- when it was decided
    due_at timestamptz,                       -- when an engine may take it; null: nothing left to do
    expires_at timestamptz,                   -- nobody waits for the answer any more
    wanted_at timestamptz,                    -- by when a person should have done it
    done_at timestamptz,
    attempt smallint not null default 0,      -- the fence: only the holder of this attempt may record
    status call_status not null default 'queued',
    hand_over boolean not null,               -- to a person, who hands back by an event
    journey text not null,
    step text not null,
    endpoint text not null,
    error text,                               -- the last failed attempt's error, without personal data
    "with" bytea not null,                    -- what the endpoint is told, as decided
    primary key (customer, id),
    check ((due_at is not null) = (status in ('queued', 'leased')))
) with (fillfactor = 80);

-- What engines look at for calls.
create index call_due on call (due_at) where due_at is not null;

-- What people look at: few rows, for what is done is in it no more.
create index call_open on call (at, id) where status = 'open';

-- Merged customers -------------------------------------------------------------------------------

-- What a customer who was merged has for the one whom they were merged into: written in the transaction of the input
-- that caused it, delivered as an input of the other, and then deleted. One customer's go in their order.
create table forward (
    customer uuid not null,                   -- who was merged
    id uuid not null,                         -- of the input that it becomes
    seq bigint generated always as identity,
    at timestamptz not null,                  -- when it happened here
    due_at timestamptz,                       -- when an engine may deliver it; null: it cannot be, see error
    attempt smallint not null default 0,
    kind smallint not null check (kind in (0, 7)), -- as in input
    into_key text not null check (octet_length(into_key) between 1 and 256), -- the other's key
    name text not null,                       -- as in input
    error text,                               -- why it cannot be delivered, without personal data
    body bytea not null,                      -- as in input
    primary key (customer, id)
);

-- What engines look at for them: nothing, as a rule.
create index forward_due on forward (due_at) where due_at is not null;

-- The chat widget -----------------------------------------------------------------------------

-- What was said in it, by the shop and by the customer. A line of the shop's has its message's id.
create table chat_line (
    customer uuid not null,                   -- whose conversation it is
    id uuid not null,
    visitor uuid,                             -- who they were when a journey wrote or they answered; null: the customer
    seq bigint generated always as identity,  -- what a widget has been shown already
    at timestamptz not null,
    who smallint not null check (who between 0 and 1), -- 0 the customer, 1 the shop
    body jsonb not null,                      -- text, options, what it answers, who wrote (store::chat::Said)
    primary key (customer, id)
);

create index chat_line_seq on chat_line (customer, seq);

-- Strangers who turned out to be a customer: what their journeys say goes on in the customer's conversation.
create table chat_link (
    customer uuid not null,
    visitor uuid not null,
    at timestamptz not null,
    primary key (customer, visitor)
);

create index chat_link_visitor on chat_link (visitor);

-- Short links ------------------------------------------------------------------------------------

-- What the short forms of addresses in text messages stand for. A code is found whoever's it is, and no two messages
-- have the same.
create table short_link (
    customer uuid not null,
    code text not null,                       -- letters and digits (journey::short)
    message uuid not null,
    at timestamptz not null,                  -- when the message was about to leave
    told boolean not null,                    -- whether who follows it is told of
    url text not null,
    primary key (customer, code)
);

-- Whoever follows one gives its code alone.
create index short_link_code on short_link (code);

-- Vouchers ---------------------------------------------------------------------------------------

-- Codes that were imported. That one was drawn stays with it, whoever it was: the code of an erased
-- customer does not become free again, and is no news when it is imported once more.
create table voucher (
    pool text not null,
    code text not null check (length(code) between 1 and 255),
    drawn_at timestamptz,
    primary key (pool, code)
) with (fillfactor = 80);

-- What is drawn from.
create index voucher_free on voucher (pool) where drawn_at is null;

-- Whom codes were drawn for. The owner is the customer, the run or the message that has a code of its own.
create table voucher_draw (
    customer uuid not null,
    pool text not null,
    owner uuid not null,
    code text not null,
    at timestamptz not null,
    primary key (customer, pool, owner)
);

-- Erased customers -------------------------------------------------------------------------------

-- How many were erased on a day (UTC), and nothing else.
create table erasure (
    day date primary key,
    customers bigint not null check (customers > 0)
);

-- Keyed hashes of what was erased: an import does not write to them again, an event that was under way
-- does not bring them back, and a restored back-up loses them again. Tells nobody who they were.
create table erased (
    hash bytea primary key check (octet_length(hash) = 32), -- HMAC-SHA-256 (journey::suppression)
    at timestamptz not null,
    kind text not null check (kind in ('key', 'email', 'sms', 'push', 'chat'))
);

-- The suppression list: addresses that must not be written to, wherever it was learnt, as the hashes in
-- which such lists are exchanged (SHA-256 of the normalised address, journey::suppression).
create table listed (
    hash bytea not null check (octet_length(hash) = 32),
    at timestamptz not null,
    channel text not null check (channel in ('email', 'sms', 'push', 'chat')),
    primary key (channel, hash)
);

-- Where the round through all customers stands that removes what is not kept any longer
-- (`retention` in config/policies.yaml): one row, once there has been such a round.
create table retention (
    one boolean primary key default true check (one),
    cursor uuid not null default '00000000-0000-0000-0000-000000000000', -- customers up to here are done
    due_at timestamptz not null               -- when an engine may take the next page
);

-- Who may do what in the console and the API -------------------------------------------------------

-- People who sign in. As soon as there is one, everything but customers' pages asks who it is.
create table user_account (
    id uuid primary key,
    made_at timestamptz not null,
    disabled_at timestamptz,
    failed_since timestamptz,                 -- of these failures, or since when it is locked
    invited_until timestamptz,
    totp_step bigint,                         -- of the last code that was taken: none is taken twice
    failures smallint not null default 0,
    email text not null unique check (email = lower(email) and octet_length(email) between 3 and 320),
    name text not null default '',
    roles text[] not null,
    password text,                            -- argon2id, as a PHC string; null: not set yet
    totp_secret bytea,                        -- in the clear: who reads the database reads what codes protect as well
    totp_pending bytea,                       -- shown, and not confirmed by a code yet
    invite bytea unique check (octet_length(invite) = 32), -- SHA-256 of the link to set a password
    issuer text,                              -- the provider of identities that knows them,
    subject text,                             -- and as whom
    unique (issuer, subject),
    check ((issuer is null) = (subject is null)),
    check ((invite is null) = (invited_until is null))
);

-- What sign-ins by a provider of identities were marked with: none counts twice.
create table sign_in_nonce (
    hash bytea primary key check (octet_length(hash) = 32), -- SHA-256
    expires_at timestamptz not null           -- nothing with it can come back any more
);

create table session (
    hash bytea primary key check (octet_length(hash) = 32), -- SHA-256 of what the cookie holds
    user_id uuid not null references user_account,
    made_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    revealed jsonb not null default '{}'      -- customers whose addresses are shown for a reason: id to microseconds
);

create index session_of_user on session (user_id);

-- Keys of programs. A key itself is shown once, and kept nowhere.
create table api_key (
    id uuid primary key,
    made_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    hash bytea not null unique check (octet_length(hash) = 32), -- SHA-256 of the key
    made_by text not null,                    -- as `who` of audit
    name text not null check (name <> ''),
    scopes text[] not null
);

-- What was changed, and what was refused: written, and never edited.
create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    ok boolean not null,
    who text not null,                        -- user:ID, key:ID, cli, nobody
    action text not null,                     -- sign_in, or method and pattern of the address
    what text not null,                       -- ids, no other data of persons
    reason text not null default ''
);

create index audit_who on audit (who, id);

create function audit_stays() returns trigger language plpgsql as $$
begin
    -- What is older may go (store::access::KEEPS_AUDIT).
    if tg_op = 'DELETE' then
        if old.at < now() - interval '730 days' then
            return old;
        end if;
    end if;
    raise exception 'the audit log is never changed';
end $$;

create trigger audit_stays before update or delete on audit
    for each row execute function audit_stays();

create trigger audit_stays_whole before truncate on audit
    for each statement execute function audit_stays();

-- What requests with an `Idempotency-Key` were answered, for whoever sends one again. Kept for a day.
create table answer (
    customer uuid not null,                   -- whom the request is about; all zeros: nobody
    key bytea not null check (octet_length(key) = 32),         -- SHA-256 of who asked, for what, and of the key
    at timestamptz not null,
    request bytea not null check (octet_length(request) = 32), -- SHA-256 of the body
    status smallint,                          -- null: it is being answered
    kind text not null default '',            -- the media type; empty: there is no body
    body bytea not null default '' check (octet_length(body) <= 65536),
    primary key (customer, key)
);

-- Those that are over are taken away whenever one is added (store::answers).
create index answer_at on answer (at);
-- What operators look back on ----------------------------------------------------------------------

-- Values as they were (crates/engine/src/sample says which): by the minute for a day, by the quarter of an hour for
-- a week. All engines add to the same rows, so there are as many with one engine as with twenty. Nothing of a customer.
create table sample (
    at timestamptz not null,                  -- when the stretch began
    value float8 not null,
    seconds smallint not null check (seconds in (60, 900)), -- how long the stretch is
    sums boolean not null,                    -- whether what comes is added; else the largest counts
    name text not null check (octet_length(name) between 1 and 200),
    primary key (seconds, at, name)           -- a page reads a stretch of it, and what is old goes from its beginning
) with (fillfactor = 80);

-- Processes that run, each of which writes its own row every few seconds, and removes it when it stops in order.
create table engine (
    id uuid primary key,                      -- drawn when it starts
    started_at timestamptz not null,
    seen_at timestamptz not null,             -- when it wrote last
    host text not null,
    version text not null,
    roles text[] not null,
    seen jsonb not null                       -- store::EngineSeen
) with (fillfactor = 80);
-- Dead letters -----------------------------------------------------------------------------------

-- What could not be read, or not be taken, moved here from the queue `parcours.dead`, where it can neither be listed nor
-- mended. Their number, size and age have bounds (engine::Settings).
create table dead_letter (
    customer uuid not null,                   -- whom it is about as far as can be told; nil: nobody can tell
    id uuid not null,                         -- of its event, else of its content (journey::ids::LetterId)
    event uuid,                               -- the input that it would be, if it says so
    at timestamptz not null,                  -- when it was first put aside
    last_at timestamptz not null,             -- when it was last refused
    replayed_at timestamptz,                  -- when it was last submitted again
    done_at timestamptz,                      -- since when it is no longer open
    claimed_until timestamptz,                -- somebody is submitting it
    tries integer not null default 0 check (tries >= 0), -- how often it was submitted again; the fence of a claim
    status text not null default 'open' check (status in ('open', 'replayed', 'discarded')),
    cause text not null,                      -- journey::intake::Cause
    field text,
    reason text not null,
    also uuid[] not null default '{}',        -- others whom it names: by its routing key, or before it was edited
    key text,                                 -- what producers call them
    name text,                                -- the event's name
    exchange text not null,
    routing_key text not null,
    queue text not null,
    content_type text not null,
    message_id text not null,
    headers jsonb not null,                   -- the producer's, as far as they are text
    body bytea not null,                      -- as it came
    edited bytea,                             -- as it is to be submitted, where that differs
    by_whom text,                             -- who replayed or discarded it last, as `who` of audit
    note text,                                -- why
    primary key (customer, id),
    check ((status = 'open') = (done_at is null)),
    check (status = 'open' or claimed_until is null)
);

-- Whoever is given an id has that alone; a replay of many goes along it.
create index dead_letter_id on dead_letter (id);
-- What comes again is known by its event, whatever it was when it first came.
create index dead_letter_event on dead_letter (customer, event) where event is not null;
-- The list, newest first.
create index dead_letter_at on dead_letter (at, id);
-- What metrics count, and the list by cause.
create index dead_letter_open on dead_letter (cause, at) where status = 'open';

-- Replays of one or many, carried out by an engine.
create table dead_letter_job (
    id uuid primary key,
    at timestamptz not null,                  -- letters that came later have no part in it
    due_at timestamptz,                       -- when an engine may take the next batch; null: it is over
    ended_at timestamptz,
    cursor uuid not null default '00000000-0000-0000-0000-000000000000', -- letters up to here are done
    total integer not null check (total >= 0),
    done integer not null default 0,          -- submitted again
    failed integer not null default 0,        -- refused again, and still open
    status text not null default 'running' check (status in ('running', 'done', 'cancelled')),
    letter uuid,                              -- the only one that it is about
    cause text,                               -- those it is about: null for any
    name text,
    source text,
    since timestamptz,
    by_whom text not null,                    -- as `who` of audit
    note text not null,
    trouble text,                             -- why it does not go on
    check ((status = 'running') = (due_at is not null)),
    check ((status = 'running') = (ended_at is null))
);

-- One replay of many at a time.
create unique index dead_letter_job_one on dead_letter_job (status) where status = 'running' and letter is null;
-- What engines take up.
create index dead_letter_job_due on dead_letter_job (due_at) where due_at is not null;
