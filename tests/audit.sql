-- The audit: what must hold in a database of Parcours once everything is through. Each query must find nothing.
--
--     psql "$DATABASE_URL" -f tests/audit.sql
--
-- The tests read this file, too: a heading and a query, one after another. The first part holds for any
-- installation at rest; the second for the load of `make torture` (tests/suite/process/load.rs).

\echo an input decided twice
select id from input group by customer, id having count(*) > 1;

\echo a message id used twice
select id from message group by id having count(*) > 1;

\echo a message that is stuck
select id from message where status in ('queued', 'leased');

\echo a call that is stuck
select id from call where status in ('queued', 'leased');

\echo a timer that is due and has not fired
select id from run where due_at < now() - interval '1 minute'
union all
select id from customer where due_at < now() - interval '1 minute';

\echo a timer without an open run
select r.id from run r where r.due_at is not null
and (r.left_at is not null or exists (select from run_ended e where e.customer = r.customer and e.id = r.id));

\echo a run that is over, and goes on
select r.id from run r where exists (select from run_ended e where e.customer = r.customer and e.id = r.id);

\echo a run that ended twice
select id from run_ended group by id having count(*) > 1;

\echo a run, message, input or call of nobody
select id from run r where not exists (select from customer c where c.id = r.customer)
union all
select id from message m where not exists (select from customer c where c.id = m.customer)
union all
select id from input i where not exists (select from customer c where c.id = i.customer)
union all
select id from call k where not exists (select from customer c where c.id = k.customer);

\echo a message of a run that never was
select id from message m
where not exists (select from run r where r.customer = m.customer and r.id = m.run)
and not exists (select from run_ended e where e.customer = m.customer and e.id = m.run);

-- The load of the torture: every run comes to its end, no provider refuses, at most two marketing messages a day.

\echo a run that has not come to its end
select id from run;

\echo two decisions of one run at one step
select run from message group by run, step having count(*) > 1;

\echo a message that failed
select id from message where status = 'failed';

\echo a cap that let a third through
select customer from message where purpose = 'marketing' and status = 'sent' group by customer having count(*) > 2;

\echo a send held back by a cap that was not used up
select id from message m where reason = 'capped' and
(select count(*) from message o where o.customer = m.customer
 and o.purpose = 'marketing' and o.status <> 'suppressed' and o.at <= m.at) < 2;

\echo a customer whose events were decided in another order than they happened in
select a.customer from input a join input b on b.customer = a.customer
where a.kind = 0 and b.kind = 0 and a.seq < b.seq
and substring(a.body from 6 for 8) > substring(b.body from 6 for 8);

\echo counts of what became of messages that are not those of the rows
select day, journey, step, channel, provider, outcome, c.n as counted, r.n as rows
from (select day, journey, step, channel, provider, outcome, sum(n) as n
      from (select n, day, journey, step, channel, provider, outcome from message_count
            union all select n, day, journey, step, channel, provider, outcome from message_total) both_of_them
      where outcome in ('decided', 'suppressed', 'recalled', 'sent', 'failed')
      group by 1, 2, 3, 4, 5, 6) c
full join (select (m.at at time zone 'UTC')::date as day, m.journey, m.step, m.channel,
                  case when o.outcome in ('sent', 'failed') then coalesce(m.provider, '') else '' end as provider, o.outcome, count(*) as n
           from message m cross join lateral (values ('decided'), (m.status::text)) o (outcome)
           where o.outcome not in ('queued', 'leased')
           group by 1, 2, 3, 4, 5, 6) r using (day, journey, step, channel, provider, outcome)
where c.n is distinct from r.n limit 20;
