-- A year of one in twenty of them: an event a month and more, and five messages; drawn by their numbers.
with heard as (
    insert into input (customer, id, at, kind, name, body, trace)
    select c.id, md5('i' || c.n || '-' || e)::uuid,
           timestamptz '2025-11-01 00:00Z' + ((c.n * 31 + e * 2628000) % 31536000) * interval '1 second',
           0, (array['order.placed', 'cart.updated', 'product.viewed', 'message.opened'])[1 + e % 4],
           decode(repeat(md5('b' || c.n || e), 6), 'hex'), case when e % 3 = 0 then decode(repeat(md5('t' || e), 5), 'hex') end
    from (select n, encode(substring(sha256('customer'::bytea || '\x0d00000000000000'::bytea
              || convert_to('user-' || lpad(n::text, 8, '0'), 'UTF8')) for 16), 'hex')::uuid as id
          from generate_series($1::bigint, $2::bigint) n where n % 20 = 0) c, generate_series(1, 16) e
), stands as (
    insert into run (customer, id, machine, entered_at, due_at, revision, node, journey, key, state)
    select encode(substring(sha256('customer'::bytea || '\x0d00000000000000'::bytea
              || convert_to('user-' || lpad(n::text, 8, '0'), 'UTF8')) for 16), 'hex')::uuid,
           md5('r' || n)::uuid, md5('machine')::uuid, timestamptz '2026-10-01 00:00Z', timestamptz '2036-01-01 00:00Z', 3, 2,
           (array['welcome', 'cart-rescue', 'win-back'])[1 + n / 20 % 3], '', '{"steps":{}}'
    from generate_series($1::bigint, $2::bigint) n where n % 20 = 0
)
insert into message (customer, at, id, run, done_at, attempt, heard, status, channel, purpose, journey, step, reason, provider, provider_id, decision)
select c.id, d.at, md5('m' || c.n || '-' || e)::uuid, md5('r' || c.n)::uuid, d.at + interval '3 seconds', 1,
       case when e % 3 = 0 then 3 else 1 end, s.status::message_status, 'email', 'marketing',
       (array['welcome', 'cart-rescue', 'win-back'])[1 + (c.n / 20 + e) % 3], 'hello',
       case s.status when 'suppressed' then 'no_consent' when 'failed' then 'failed' end,
       case s.status when 'sent' then 'smtp' end, case s.status when 'sent' then md5('p' || c.n || e) end,
       decode(repeat(md5('d' || e), 10), 'hex')
from (select n, encode(substring(sha256('customer'::bytea || '\x0d00000000000000'::bytea
          || convert_to('user-' || lpad(n::text, 8, '0'), 'UTF8')) for 16), 'hex')::uuid as id
      from generate_series($1::bigint, $2::bigint) n where n % 20 = 0) c, generate_series(1, 5) e
cross join lateral (select timestamptz '2025-11-01 00:00Z' + ((c.n * 29 + e * 6307200) % 31536000) * interval '1 second' as at) d
cross join lateral (select case (c.n / 20 + e) % 50 when 0 then 'failed' when 1 then 'suppressed' else 'sent' end as status) s
